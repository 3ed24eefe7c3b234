"""What the mouse took hold of when its button was pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_samunet.plugin.work import ref_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.gestures import Tool
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.types import SliceRef


@dataclass(frozen=True)
class Held:
    """Image, tool and slice of a press; whatever keys are pressed, the drag is one on these.

    Attributes
    ----------
    work : ImageWork
    tool : Tool
    ref : SliceRef or None
        None: the view showed no slice of the image.
    """

    work: ImageWork
    tool: Tool
    ref: SliceRef | None

    def is_shown(self, work: ImageWork | None, viewer: ViewerModel) -> bool:
        """Whether image and slice are still those that are worked on and seen."""
        return work is self.work and ref_of(work, viewer) == self.ref
