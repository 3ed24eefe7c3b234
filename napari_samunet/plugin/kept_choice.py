"""The chosen image with its memory: what was done on it is kept, and offered again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_samunet.plugin.choice import ImageChoice
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.keeping import Keeping
from napari_samunet.plugin.work import ImageWork, ref_of
from napari_samunet.session.shelf import Shelf
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image


class KeptChoice(ImageChoice):
    """An `ImageChoice` whose sessions are written down as they happen.

    Parameters
    ----------
    viewer, engine
        As `ImageChoice` takes them.
    shelf : Shelf
        Where journals lie.

    Attributes
    ----------
    keeping : Keeping
    """

    def __init__(self, viewer: ViewerModel, engine: Any, shelf: Shelf) -> None:
        super().__init__(viewer, engine)
        self.keeping = Keeping(shelf, self)
        self.keeping.changed.connect(self.changed)
        self.keeping.said.connect(self.say)
        self.keeping.continued.connect(self._on_continued)

    def continue_last(self) -> None:
        """Continue the last session of this image."""
        if self.work is not None:
            self.keeping.go_on(self.work)

    def start_afresh(self) -> None:
        """Leave the last session of this image where it is."""
        if self.work is not None:
            self.keeping.refuse(self.work)

    def look_elsewhere(self, event: object = None) -> None:
        """Another slice or plane is shown: remember it."""
        work, ref = self.work, self.shown_ref()
        if work is not None and ref is not None:
            self.keeping.note_position(work, ref)
        super().look_elsewhere(event)

    def shown_ref(self) -> SliceRef | None:
        """Return the plane of the image that is shown, or None where there is none."""
        return None if self.work is None else ref_of(self.work, self.viewer)

    def ask(self) -> None:
        """Let the model answer what waits for it."""

    def _begin(self, work: ImageWork) -> None:
        """A session begins: nothing of it is to be lost."""
        self.keeping.begin(work)

    def _work_on(self, image: Image) -> ImageWork | None:
        is_new = image not in self._works
        work = super()._work_on(image)
        if work is not None and is_new:
            self._begin(work)
        return work

    def _forget(self, image: Image) -> None:
        self.keeping.end(self._works[image])
        super()._forget(image)

    def _on_continued(self, work: ImageWork, ref: SliceRef | None) -> None:
        """Show what an earlier session had, where it stopped."""
        if work is self.work and ref is not None:
            show_plane(self.viewer, work.image, ref)
        self.say("Your last session goes on: nothing of it is lost, Undo included.")
        self.ask()
