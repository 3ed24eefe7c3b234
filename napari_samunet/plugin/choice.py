"""Which image is worked on: a session begins with its layer and ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_samunet.errors import SamUNetError, reason_of
from napari_samunet.plugin.background import Background
from napari_samunet.plugin.framing import Framing
from napari_samunet.plugin.helper_layers import GEOMETRY, is_copy_of_labels
from napari_samunet.plugin.orientation import Rolling, face_finest, turn_over
from napari_samunet.plugin.rest import Rest
from napari_samunet.plugin.spotlight import Spotlight
from napari_samunet.plugin.work import ImageWork, ref_of
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel

_REST_MS = 200


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
    person, ``busy_changed(bool)``.
    """

    changed = Signal()
    said = Signal(str)
    busy_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel, engine: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.engine = engine
        self.problem = ""
        self.notice = ""
        self.work: ImageWork | None = None
        self._works: dict[Image, ImageWork] = {}
        self._untold: dict[ImageWork, str] = {}  # of images that are not the chosen one
        self._spotlight = Spotlight()
        self._framing = Framing(viewer, lambda: self._spotlight.seen(viewer))
        self._rolling = Rolling(viewer.dims)
        self._resting = Rest(self, _REST_MS, self._start_over)
        self.inference = Background(self)
        self.files = Background(self)
        for background in (self.inference, self.files):
            background.busy_changed.connect(lambda _busy: self.busy_changed.emit(self.is_busy))
        for event, follow in self._followed():
            event.connect(follow)

    @property
    def images(self) -> list[Image]:
        """The image layers of the viewer."""
        return [layer for layer in self.viewer.layers if isinstance(layer, Image)]

    def shown_ref(self) -> SliceRef | None:
        """Return the plane of the image that is shown, or None where there is none."""
        return None if self.work is None else ref_of(self.work, self.viewer)

    @property
    def waiting(self) -> bool:
        """Whether the answer to the latest prompt on the chosen image is due."""
        return self.work is not None and self.work.session.request() is not None

    @property
    def is_busy(self) -> bool:
        """Whether the model works, or a file is read or written."""
        return self.inference.is_busy or self.files.is_busy

    def choose(self, image: Image | None) -> None:
        """Segment this image from now on."""
        self.problem = self.notice = ""
        self.work = None if image is None else self._work_on(image)
        if self.work is not None:
            spotlight, viewer = self._spotlight, self.viewer
            self._framing.turn_to(image, lambda: spotlight.turn_to(image, viewer, self._helpers_of))
        self.turn_over()
        if self.work in self._untold:  # after the slider moved, which ends what was said
            self.notice = self._untold.pop(self.work)
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

    def say_of(self, work: ImageWork, text: str) -> None:
        """Tell the person something of an image, which may not be the chosen one: once it is."""
        if work is self.work:
            self.say(text)
        elif self.is_open(work):
            self._untold[work] = text

    def say_error(self, what: str, error: BaseException) -> None:
        """Tell the person what did not happen, and why."""
        self.say(f"{what}. {reason_of(error)}")

    def is_open(self, work: ImageWork) -> bool:
        """Whether an image is still there; it may be removed while the model works."""
        return work in self._works.values()

    def reveal_labels(self, work: ImageWork) -> None:
        """Show the labels of an image, at once or with it when it is chosen again."""
        labels = work.shown.find("labels")
        if labels is not None and not self._spotlight.put_aside(work.image, labels):
            work.shown.reveal(("labels",))

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
            self._forget(image).close()

    def _end(self, wait_s: float = 0.0) -> None:
        """End the threads: a file that is being written is written first."""
        self.files.finish()
        self.inference.close(wait_s)

    def _work_on(self, image: Image) -> ImageWork | None:
        if image not in self._works:
            try:
                self._works[image] = ImageWork(self.viewer.layers, image, self.engine)
            except SamUNetError as error:
                self.problem = str(error)
                return None
            if len(self.images) == 1:
                face_finest(self.viewer, image, self._works[image].volume)
            work = self._works[image]
            work.session.notice.connect(lambda text: self.say_of(work, text))
            image.events.data.connect(self._start_over)
            for change in GEOMETRY:
                getattr(image.events, change).connect(self._on_moved)
            image.events.visible.connect(self._framing.fit_slider)
            self._begin(work)
        return self._works[image]

    def _begin(self, work: ImageWork) -> None:
        """A session begins."""

    def _helpers_of(self, image: Image) -> list[Layer]:
        work = self._works.get(image)
        return [] if work is None else work.shown.helpers

    def _on_selected(self, _event: object = None) -> None:
        image = self._image_of(self.viewer.layers.selection.active)
        if image is not None:
            if self.work is None or image is not self.work.image:
                self.choose(image)
        elif self.work is None and self.images:
            self.choose(self.images[-1])

    def _image_of(self, layer: Layer | None) -> Image | None:
        """The image that a layer is, or that a helper layer belongs to: Undo means that one."""
        if isinstance(layer, Image):
            return layer
        owners = (image for image in self.images if layer in self._helpers_of(image))
        return next(owners, None)

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
            work = self._forget(event.value)
            # napari may be about to remove helper layers that were selected with the image.
            QTimer.singleShot(0, work.close)
            self._on_selected()
        self.changed.emit()

    def _on_moved(self, _event: object = None) -> None:
        """Look at the size once the hand rests: a layer may be dragged larger."""
        self._resting.start()

    def _start_over(self, _event: object = None) -> None:
        """Begin anew where a layer shows another image now, or the same in another size."""
        for image in [image for image, work in self._works.items() if work.is_outdated]:
            was_chosen = self._works[image] is self.work
            self._forget(image).close()
            if was_chosen:
                self.choose(image)

    def _forget(self, image: Image) -> ImageWork:
        """End the work on an image; who calls this closes it."""
        work = self._works.pop(image)
        self._untold.pop(work, None)
        image.events.data.disconnect(self._start_over)
        for change in GEOMETRY:
            getattr(image.events, change).disconnect(self._on_moved)
        image.events.visible.disconnect(self._framing.fit_slider)
        if self.work is work:
            self.work = None
        return work
