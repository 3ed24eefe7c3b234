"""A napari window that a program drives with mouse events, timed (``samunet benchmark``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import napari
from qtpy.QtCore import QEventLoop, QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QOpenGLWidget

from napari_samunet.errors import SamUNetError
from napari_samunet.plugin.coordinates import canvas_point
from napari_samunet.plugin.engine import load_engine
from napari_samunet.plugin.stalls import Stalls
from napari_samunet.plugin.widget import SegmentationWidget
from napari_samunet.session.shelf import Shelf

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_samunet.io.volume import Volume
    from napari_samunet.plugin.controller import Controller

CLICKS_PER_SLICE = 5
_FIRST_SLICE = 8
_FAR = 13  # slices between two that are clicked, for neighbours are encoded ahead
_REST_MS = 500  # a person looks before the first click
_PATIENCE_MS = 120_000  # the model is loaded within it; a click needs a fraction of a second
_WINDOW_SIZE = (1280, 860)
# (row, column) in the sample's body: an organ, three corrections in it, one beside it.
_PLACES = ((128, 90), (140, 100), (118, 82), (132, 74), (128, 170))


@dataclass(frozen=True)
class Click:
    """One click: which on its slice, and whether that had rested; seconds until its first look
    (None where it has but one), until its mask is in the layer, and until that is drawn.
    """

    place: int
    rested: bool
    look: float | None
    mask: float
    drawn: float


class DrivenWindow:
    """A viewer on a volume with its canvas, and later the dock widget."""

    def __init__(self, model: str, device: str, volume: Volume) -> None:
        self.model, self.device = model, device
        self.folder = TemporaryDirectory()  # journals and embeddings that nobody wants back
        self.viewer = napari.Viewer(title="samunet benchmark")
        self.viewer.window.resize(*_WINDOW_SIZE)
        self.image: Image = self.viewer.add_image(
            volume.array, scale=tuple(volume.spacing), contrast_limits=(-160, 240), name="sample"
        )
        self.canvas = _find_canvas()
        self.widget: SegmentationWidget | None = None

    def open_widget(self) -> None:
        """Dock the widget and load the model."""
        self.widget = SegmentationWidget(self.viewer, self._load, Shelf(Path(self.folder.name)))
        self.viewer.window.add_dock_widget(self.widget, name="Interactive segmentation")
        controller = self._controller()
        controller.start()
        _wait_for(lambda: controller.model_ready or bool(controller.problem))
        if controller.problem:
            raise SamUNetError(controller.problem)
        self._show_slice(0)

    def click_first(self) -> Click:
        """Click for the first time in this window, half a second after the model is loaded."""
        _rest()
        first = Click(0, True, *self._press_and_wait(_PLACES[0]))
        self._controller().discard()
        return first

    def scroll(self, indices: Iterable[int]) -> list[float]:
        """Show one slice after the other; return the seconds that each took."""
        seconds = []
        for index in indices:
            start = perf_counter()
            self._show_slice(index)
            seconds.append(perf_counter() - start)
        return seconds

    def scroll_watched(self, indices: Iterable[int]) -> tuple[list[float], list[tuple[float, str]]]:
        """Scroll; return also how many milliseconds each callback of this package took."""
        with Stalls(__file__) as stalls:
            seconds = self.scroll(indices)
        return seconds, stalls.spans

    def time_bare_frames(self, count: int) -> list[float]:
        """Time napari's own frames: from a changed contrast to the drawn frame."""
        seconds = []
        for turn in range(count + 1):
            start = perf_counter()
            self.image.contrast_limits = (-160, 240 + turn % 2)
            _wait(self.canvas.frameSwapped)
            seconds.append(perf_counter() - start)
        self.image.contrast_limits = (-160, 240)
        return seconds[1:]

    def click(self, turn: int) -> Click:
        """Click once; each slice gets a few clicks, every other one is looked at before them."""
        slice_turn, place = divmod(turn, CLICKS_PER_SLICE)
        rested = slice_turn % 2 == 1
        if place == 0:
            self._controller().discard()
            count = self.image.data.shape[0] - _FIRST_SLICE
            self._show_slice(_FIRST_SLICE + _FAR * slice_turn % count)
            if rested:
                _rest()
        return Click(place, rested, *self._press_and_wait(_PLACES[place]))

    def close(self) -> None:
        """Let go of the thread, then of the window."""
        if self.widget is not None:
            controller = self.widget.controller
            controller.close(_PATIENCE_MS / 1000)  # what is encoded now is kept before it ends
            self.widget.close_session()
            if controller.engine.cache is not None:
                controller.engine.cache.flush()
        self.viewer.close()
        self.folder.cleanup()

    def _controller(self) -> Controller:
        if self.widget is None:
            raise SamUNetError("Clicks need the panel: dock it first.")
        return self.widget.controller

    def _load(self, name: str) -> Any:
        # As a window does, but with embeddings in a folder that goes.
        embeddings = Path(self.folder.name) / "embeddings"
        return load_engine(self.model, device=self.device, folder=embeddings)

    def _show_slice(self, index: int) -> None:
        self.viewer.dims.set_point(0, index * self.image.scale[0])
        QApplication.processEvents()

    def _press_and_wait(self, place_rc: tuple[int, int]) -> tuple[float | None, float, float]:
        """Click; return the seconds of a `Click`."""
        controller = self._controller()
        if controller.work is None:
            raise SamUNetError(f"A click needs an image, but: {controller.problem}")
        session = controller.work.session
        button = Qt.MouseButton.LeftButton
        negative = place_rc == _PLACES[-1]
        modifier = (
            Qt.KeyboardModifier.ControlModifier if negative else Qt.KeyboardModifier.NoModifier
        )
        click: Any = QTest.mouseClick  # a static method, which PyQt's stubs do not tell
        looks: list[float] = []
        updated: list[float] = []
        layer = controller.work.shown.find("preview")
        # Connected after the canvas was: when it is called, the layer is updated and refreshed. A
        # layer that is only made by this click is there when the session has told all.
        changed = session.preview_changed if layer is None else layer.events.set_data
        note = changed.connect(lambda *_: updated.append(perf_counter()))
        start = perf_counter()
        look = controller.asking.glimpsed.connect(
            lambda: looks.extend(moment - start for moment in updated[-1:])
        )
        try:
            click(self.canvas, button, modifier, self._pixel(place_rc))
            _wait_for(lambda: bool(updated) and not controller.waiting)
            _wait(self.canvas.frameSwapped)
            drawn = perf_counter() - start
            return (looks[0] if looks else None), updated[-1] - start, drawn
        finally:
            changed.disconnect(note)
            controller.asking.glimpsed.disconnect(look)

    def _pixel(self, place_rc: tuple[int, int]) -> QPoint:
        """Where a pixel of the slice lies on the canvas."""
        size = self.canvas.width(), self.canvas.height()
        right, down = canvas_point(self.viewer, self.image, place_rc, size)
        return QPoint(round(right), round(down))


def _find_canvas() -> QOpenGLWidget:
    QApplication.processEvents()
    canvases = [
        child
        for window in QApplication.topLevelWidgets()
        for child in window.findChildren(QOpenGLWidget)
        if child.isVisible()
    ]
    if not canvases:
        raise SamUNetError("A canvas to click on was expected, but napari's window shows none.")
    return max(canvases, key=lambda canvas: canvas.width() * canvas.height())


def _rest() -> None:
    """Look at what is shown, as a person does."""
    wait: Any = QTest.qWait  # a static method, which PyQt's stubs do not tell
    wait(_REST_MS)


def _wait(signal: Any) -> None:
    """Run the event loop until a signal comes."""
    loop = QEventLoop()
    came: list[bool] = []

    def end() -> None:
        came.append(True)
        loop.quit()

    signal.connect(end)
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    loop.exec()
    signal.disconnect(end)
    if not came:
        raise SamUNetError("The window drew no frame; is the display visible and unlocked?")


def _wait_for(condition: Callable[[], bool]) -> None:
    """Run the event loop until a condition holds, asleep between events as an idle window is."""
    late: list[bool] = []
    # With a time limit of its own, ``processEvents`` would spin and hold the interpreter's lock.
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(lambda: late.append(True))
    limit.start(_PATIENCE_MS)
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if late:
            raise SamUNetError("A click was not answered in time; try another model or device.")
