"""Which image is worked on: a session begins with its layer and ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import SamUNetError
from napari_samunet.plugin.background import Background
from napari_samunet.plugin.framing import Framing
from napari_samunet.plugin.helper_layers import is_copy_of_labels
from napari_samunet.plugin.orientation import Rolling, face_finest, turn_over
from napari_samunet.plugin.spotlight import Spotlight
from napari_samunet.plugin.work import ImageWork, ref_of
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel


class ImageChoice(QObject):
    """Follows the viewer's image layers; each one that is chosen gets a session of its own.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : Answerer
        Answers the prompts of all images.

    Attributes
    ----------
    work : ImageWork or None
        The work on the chosen image.
    problem : str
        Why there is nothing to work on.
    notice : str
        What the latest action came to, where that needs saying.
    inference, files : Background
        The thread of the model, and that in which a person's files are read and written.

    Notes
    -----
    Signals: ``changed()`` after anything that a panel shows, ``said(str)`` with a line for the
    person.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, viewer: ViewerModel, engine: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.engine = engine
        self.problem = ""
        self.notice = ""
        self.work: ImageWork | None = None
        self._works: dict[Image, ImageWork] = {}
        self._spotlight = Spotlight()
        self._framing = Framing(viewer, lambda: self._spotlight.seen(viewer))
        self._rolling = Rolling(viewer.dims)
        self.inference = Background(self)
        self.files = Background(self)
        for event, follow in self._followed():
            event.connect(follow)

    @property
    def images(self) -> list[Image]:
        """The image layers of the viewer."""
        return [layer for layer in self.viewer.layers if isinstance(layer, Image)]

    def shown_ref(self) -> SliceRef | None:
        """Return the plane of the image that is shown, or None where there is none."""
        return None if self.work is None else ref_of(self.work, self.viewer)

    def choose(self, image: Image | None) -> None:
        """Segment this image from now on."""
        self.problem = self.notice = ""
        self.work = None if image is None else self._work_on(image)
        if self.work is not None:
            spotlight, viewer = self._spotlight, self.viewer
            self._framing.turn_to(image, lambda: spotlight.turn_to(image, viewer, self._helpers_of))
        self.turn_over()
        self.changed.emit()

    def turn_over(self, _event: object = None) -> None:
        """Show the image the way up that a radiologist expects."""
        self._rolling.follow(self.viewer.dims, None if self.work is None else self.work.volume)
        if self.work is not None:
            turn_over(self.viewer, self.work.volume)

    def say(self, text: str) -> None:
        """Tell the person something that is no next step, until the next action."""
        self.notice = text
        self.said.emit(text)
        self.changed.emit()

    def look_elsewhere(self, _event: object = None) -> None:
        """Another slice or plane is shown: what was said of the one before is over."""
        self.notice = ""
        self.changed.emit()

    def _followed(self) -> list[tuple[Any, Any]]:
        layers = self.viewer.layers
        return [
            (layers.events.removed, self._on_removed),
            (layers.events.inserted, self._on_inserted),
            (layers.selection.events.active, self._on_selected),
            (self.viewer.dims.events.order, self.turn_over),
        ]

    def _let_go(self) -> None:
        """Stop following the viewer and take our layers from it."""
        for event, follow in self._followed():
            event.disconnect(follow)
        self._spotlight.all_on()
        self._framing.detach()
        for image in list(self._works):
            self._forget(image)

    def _work_on(self, image: Image) -> ImageWork | None:
        if image not in self._works:
            try:
                self._works[image] = ImageWork(self.viewer.layers, image, self.engine)
            except SamUNetError as error:
                self.problem = str(error)
                return None
            if len(self.images) == 1:
                face_finest(self.viewer, image, self._works[image].volume)
            self._works[image].session.notice.connect(self.say)
            image.events.data.connect(self._on_other_voxels)
            image.events.visible.connect(self._framing.fit_slider)
            self._begin(self._works[image])
        return self._works[image]

    def _begin(self, work: ImageWork) -> None:
        """A session begins."""

    def _helpers_of(self, image: Image) -> list[Layer]:
        work = self._works.get(image)
        return [] if work is None else work.shown.helpers

    def _on_selected(self, _event: object = None) -> None:
        active = self.viewer.layers.selection.active
        if isinstance(active, Image):
            if self.work is None or active is not self.work.image:
                self.choose(active)
        elif self.work is None and self.images:
            self.choose(self.images[-1])

    def _on_inserted(self, event: Any) -> None:
        self._on_selected()
        if is_copy_of_labels(event.value):
            self.say(
                f"'{event.value.name}' is a copy: what you paint there stays there. Objects, their "
                "Undo and the export are those of the layer that it was made of."
            )
        self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        self._spotlight.forget(event.value)
        if event.value in self._works:
            self._forget(event.value)
            self._on_selected()
        self.changed.emit()

    def _on_other_voxels(self, event: Any) -> None:
        """Start over where the layer shows another image now."""
        work = self._works.get(event.source)
        if work is not None and event.source.data is not work.voxels:
            self._forget(event.source)
            self._on_selected()

    def _forget(self, image: Image) -> None:
        work = self._works.pop(image)
        self.inference.cancel(work)
        image.events.data.disconnect(self._on_other_voxels)
        image.events.visible.disconnect(self._framing.fit_slider)
        if self.work is work:
            self.work = None
        work.close()
