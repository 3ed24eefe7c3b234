"""One real window for all tests that click, with a model that draws discs."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import napari
import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from scipy.ndimage import binary_dilation

from napari_samunet.geometry import plane_shape
from napari_samunet.inference.answerer import Answerer
from napari_samunet.plugin.coordinates import canvas_point
from napari_samunet.plugin.widget import SegmentationWidget
from napari_samunet.session.shelf import Shelf

RADIUS = 6
SHAPE = (7, 60, 80)
WINDOW = (1000, 600)


class DiscEngine(Answerer):
    """Answers with discs: what is positive is in, what is negative is out, a box is filled."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.begun: list = []
        self.encoded: list = []
        self.regions: list = []
        self.error: Exception | None = None
        self.candidates = 1
        self.go = threading.Event()
        self.go.set()

    def embed(self, volume, ref, window=None, roi=None):
        self.begun.append(ref)
        self.go.wait(20)
        if roi is not None:
            self.regions.append((ref.index, roi))
            return {}
        self.encoded.append((ref, len(self.calls)))
        return {}

    def predict(self, volume, ref, prompts, window=None, previous=None, bridge=True, seen=None):
        from napari_samunet.inference.painted import painted_prediction

        self.calls.append((ref, prompts, window, previous))
        self.go.wait(20)
        if self.error is not None:
            raise self.error
        shape = plane_shape(volume.shape, ref.axis)
        mask = np.zeros(shape, bool) if previous is None else previous.mask.copy()
        if prompts.mask is not None:
            mask = np.array(prompts.mask, bool)
        if prompts.box is not None:
            top, left, bottom, right = (int(n) for n in prompts.box)
            mask[top : bottom + 1, left : right + 1] = True
        for (row, col), label in zip(prompts.points, prompts.labels, strict=True):
            rows, cols = np.ogrid[: shape[0], : shape[1]]
            mask[(rows - row) ** 2 + (cols - col) ** 2 <= RADIUS**2] = bool(label)
        best = painted_prediction(mask)
        grown = [binary_dilation(mask, iterations=n) for n in range(1, self.candidates)]
        others = [painted_prediction(other).candidates[0] for other in grown]
        return replace(best, candidates=(*best.candidates, *others))


class Screen:
    """A person in front of the window: real mouse events, and patience."""

    def __init__(self, viewer: napari.Viewer, shelf: Shelf) -> None:
        self.viewer = viewer
        self.shelf = shelf
        self.engine = DiscEngine()
        self.widget: SegmentationWidget | None = None
        # The one private way to the canvas; napari has no public one.
        self.canvas = viewer.window._qt_window._qt_viewer.canvas.native

    @property
    def controller(self):
        return self.widget.controller

    @property
    def session(self):
        return self.controller.work.session

    def dock(self) -> SegmentationWidget:
        # Small, because the canvas is drawn by the processor.
        self.viewer.window.resize(*WINDOW)
        self.engine = DiscEngine()
        engine = self.engine
        self.widget = SegmentationWidget(self.viewer, lambda name: engine, self.shelf)
        self.viewer.window.add_dock_widget(self.widget, name="Interactive segmentation")
        self.until(lambda: self.controller.model_ready)
        self.viewer.window.activate()
        self.viewer.reset_view()
        self.settle()
        return self.widget

    def answers_one_by_one(self) -> threading.Semaphore:
        """From now on each answer waits for a release."""
        gate, answer = threading.Semaphore(0), self.engine.predict

        def slowly(*arguments, **named):
            gate.acquire()
            return answer(*arguments, **named)

        self.engine.predict = slowly
        return gate

    def add_image(self, data=None, **kwargs):
        image = self.viewer.add_image(
            np.zeros(SHAPE, np.float32) if data is None else data, **kwargs
        )
        self.viewer.reset_view()
        self.settle()
        return image

    def settle(self, seconds: float = 0.03) -> None:
        """Let Qt work for a moment."""
        end = time.monotonic() + seconds
        # Outside Qt's own loop what was given to `deleteLater` is kept for ever otherwise.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        while True:
            QApplication.processEvents()
            if time.monotonic() > end:
                return
            time.sleep(0.002)

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came"
            QApplication.processEvents()
            time.sleep(0.002)
        self.settle()

    def answered(self) -> None:
        self.until(lambda: not self.controller.waiting)

    def pixel(self, image, row: float, col: float) -> QPoint:
        """Where a (row, column) of the shown slice lies on the canvas."""
        size = self.canvas.width(), self.canvas.height()
        right, down = canvas_point(self.viewer, image, (row, col), size)
        return QPoint(round(right), round(down))

    def click(self, row, col, button="left", modifier="", image=None, wait=True) -> None:
        image = image or self.controller.work.image
        place = self.pixel(image, row, col)
        QTest.mouseMove(self.canvas, place)
        QTest.mouseClick(self.canvas, _BUTTONS[button], _MODIFIERS[modifier], place)
        self.settle()
        if wait and self.controller.work is not None:
            self.answered()

    def drag(self, start, end, button="left", steps=6, wait=True, modifier="") -> None:
        self.draw(np.linspace(start, end, steps), button, wait, modifier)

    def draw(self, path, button="left", wait=True, modifier="") -> None:
        """Drag along (row, column) places."""
        image = self.controller.work.image
        places = [self.pixel(image, *place) for place in path]
        held = _MODIFIERS[modifier]
        QTest.mouseMove(self.canvas, places[0])
        QTest.mousePress(self.canvas, _BUTTONS[button], held, places[0])
        for place in places[1:]:
            self._move(place, _BUTTONS[button], held)
        QTest.mouseRelease(self.canvas, _BUTTONS[button], held, places[-1])
        self.settle()
        if wait:
            self.answered()

    def hold_model(self) -> None:
        """Let the model answer only once ``engine.go`` is set; it encodes nothing ahead before."""
        self.until(lambda: self.engine.encoded)
        self.settle(0.2)  # an encoding that was on its way
        self.controller.ahead.forget()
        self.engine.go.clear()

    def carried(self) -> None:
        """Let the model answer, until a propagation is at its end."""
        self.engine.go.set()
        self.until(lambda: not self.controller.through.running)
        self.answered()

    def objects(self, *places) -> None:
        """Make an object of each (row, column)."""
        for place in places:
            self.click(*place)
            self.press(Qt.Key.Key_N)
        self.until(lambda: self.widget.objects.table.rowCount() >= len(places))

    def cell(self, row: int, column: int) -> QPoint:
        """The middle of a cell of the table of objects."""
        table = self.widget.objects.table
        return table.visualItemRect(table.item(row, column)).center()

    def click_cell(self, row: int, column: int, button="left", modifier="") -> None:
        """Click on a cell of the table of objects."""
        viewport, place = self.widget.objects.table.viewport(), self.cell(row, column)
        QTest.mouseClick(viewport, _BUTTONS[button], _MODIFIERS[modifier], place)
        self.settle(0.1)

    def press(self, key, modifier="") -> None:
        QTest.keyClick(self.canvas, key, _MODIFIERS[modifier])
        self.settle()
        self.answered()

    def hover(self, row, col) -> None:
        """Rest the mouse on a place, without a button."""
        place = self.pixel(self.controller.work.image, row, col)
        self._move(place, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        self.settle(0.3)

    def _move(self, place: QPoint, button, held) -> None:
        """Move with a button held, which ``QTest.mouseMove`` cannot say."""
        from qtpy.QtCore import QEvent, QPointF
        from qtpy.QtGui import QMouseEvent

        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(self.canvas.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            button,
            held,
        )
        QApplication.sendEvent(self.canvas, event)
        self.settle(0.005)

    def clear(self) -> None:
        """Give the window back as it was."""
        self.engine.go.set()
        if self.widget is not None:
            with contextlib.suppress(LookupError):  # a test may have removed it already
                self.viewer.window.remove_dock_widget(self.widget)
            self.widget.close_session()
            self.widget.deleteLater()
            self.widget = None
        self.canvas.makeCurrent()  # as the widget did while it was there, see `OwnContext`
        self.viewer.layers.clear()
        self.viewer.dims.ndisplay = 2
        self.viewer.dims.order = tuple(range(self.viewer.dims.ndim))
        self.settle()


_BUTTONS = {"left": Qt.MouseButton.LeftButton, "right": Qt.MouseButton.RightButton}
_MODIFIERS = {
    "": Qt.KeyboardModifier.NoModifier,
    "control": Qt.KeyboardModifier.ControlModifier,
    "alt": Qt.KeyboardModifier.AltModifier,
    "shift": Qt.KeyboardModifier.ShiftModifier,
    "meta": Qt.KeyboardModifier.MetaModifier,
    "control+shift": Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
}


@pytest.fixture(scope="module")
def _window() -> Iterator[napari.Viewer]:
    # Here and once, lest the first test's patience ends over it; and before `freeze`.
    import torch  # noqa: F401

    viewer = napari.Viewer(show=True)
    gc.freeze()  # napari collects garbage for each layer that goes, and all of it is looked through
    yield viewer
    gc.unfreeze()
    viewer.close()
    QApplication.processEvents()


@pytest.fixture
def screen(_window: napari.Viewer, tmp_path: Path) -> Iterator[Screen]:
    """A window with an empty volume of `SHAPE` and the widget docked; the model is ready."""
    person = Screen(_window, Shelf(tmp_path / "sessions"))
    person.add_image(name="volume")
    person.dock()
    yield person
    person.clear()
