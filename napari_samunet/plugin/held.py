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
    """Image, tool, slice and object of a press: the drag is about these, or comes to nothing.

    Attributes
    ----------
    work : ImageWork
    tool : Tool
    ref : SliceRef or None
        None: the view showed no slice of the image.
    object_id : int or None
        None: a new one, begun by the prompt.
    """

    work: ImageWork
    tool: Tool
    ref: SliceRef | None
    object_id: int | None

    @classmethod
    def of(cls, work: ImageWork, tool: Tool, viewer: ViewerModel) -> Held:
        """What a press takes hold of now."""
        current = work.session.current
        return cls(work, tool, ref_of(work, viewer), None if current is None else current.id)

    def holds(self, work: ImageWork | None, viewer: ViewerModel) -> bool:
        """Whether image, slice and object are still those that are worked on and seen."""
        return work is self.work and self == Held.of(work, self.tool, viewer)
