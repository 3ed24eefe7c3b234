"""Somebody in front of a real window: real mouse and key events, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QSpinBox

from napari_samunet.io.volume import Volume
from napari_samunet.plugin.coordinates import canvas_point, show_plane, shown_slice
from napari_samunet.plugin.launch import make_window
from napari_samunet.session.shelf import Shelf
from napari_samunet.types import SliceRef

SIZE = (1366, 768)
_STEPS = 6
_HELD = Qt.KeyboardModifier.NoModifier


class Person:
    """Clicks in the window and waits for the answer.

    Parameters
    ----------
    model : str
        Name in the list, or a checkpoint.
    volumes : sequence of (Volume, Path)
        What is opened; none: the sample CT.
    sessions : Path, optional
        Folder of journals; one of its own by default.
    """

    def __init__(
        self,
        model: str,
        volumes: Sequence[tuple[Volume, Path]] = (),
        sessions: Path | None = None,
    ) -> None:
        self.folder = TemporaryDirectory()  # nobody wants these sessions back
        shelf = Shelf(Path(self.folder.name) if sessions is None else sessions)
        self.viewer, self.widget = make_window(volumes, shelf=shelf)
        self.viewer.window.resize(*SIZE)
        self.act = self.widget.controller
        self.act.engine.name = model
        # napari has no public way to the canvas.
        self.canvas = self.viewer.window._qt_window._qt_viewer.canvas.native
        self.wait_for(lambda: self.act.model_ready or self.act.problem)
        if self.act.problem:
            raise SystemExit(self.act.problem)
        self.viewer.window.activate()
        self.viewer.reset_view()
        self.rest(0.3)

    @property
    def image(self):
        """The image layer that is worked on."""
        return self.act.work.image

    def wait_for(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Let Qt work until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"Waited {seconds:g} s in vain: {self.widget.status.text}")
            self.rest(0.02)

    def write(self, name: str, text: str) -> None:
        """Write into the field of this accessible name."""
        (field,) = (f for f in self.widget.findChildren(QSpinBox) if f.accessibleName() == name)
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        self.rest(0.1)

    def rest(self, seconds: float) -> None:
        """Let Qt work for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def go_to(self, index: int) -> None:
        """Show a slice of the plane that is shown."""
        axis = shown_slice(self.viewer, self.image).axis
        show_plane(self.viewer, self.image, SliceRef(axis, index))
        self.rest(0.5)

    def click(self, place_rc: tuple[int, int], button=Qt.MouseButton.LeftButton) -> None:
        """Click on a pixel of the shown slice and wait for the mask."""
        pixel = self.pixel(place_rc)
        QTest.mouseMove(self.canvas, pixel)
        QTest.mouseClick(self.canvas, button, _HELD, pixel)
        self.wait_for_mask()

    def drag(self, start_rc: tuple[int, int], end_rc: tuple[int, int]) -> None:
        """Drag with the left button from pixel to pixel and wait for the mask."""
        self.draw(np.linspace(start_rc, end_rc, _STEPS))

    def hover(self, place_rc: tuple[int, int]) -> None:
        """Rest the mouse on a pixel, without a button."""
        self._move(self.pixel(place_rc), Qt.MouseButton.NoButton)

    def draw(self, path_rc: Iterable[Sequence[float]]) -> None:
        """Drag with the left button along pixels and wait for the mask."""
        left = Qt.MouseButton.LeftButton
        path = [self.pixel(place) for place in path_rc]
        QTest.mouseMove(self.canvas, path[0])
        QTest.mousePress(self.canvas, left, _HELD, path[0])
        for pixel in path[1:]:
            self._move(pixel)
        QTest.mouseRelease(self.canvas, left, _HELD, path[-1])
        self.wait_for_mask()

    def wait_for_mask(self) -> None:
        """Wait until the latest prompt is answered and drawn."""
        self.rest(0.1)
        self.wait_for(lambda: not self.act.waiting)
        self.rest(0.3)

    def press(self, key: Qt.Key, held=_HELD) -> None:
        """Press a key on the canvas."""
        QTest.keyClick(self.canvas, key, held)
        self.rest(0.3)

    def take_picture(self, path: Path) -> None:
        """Save the whole window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rest(0.3)  # a longer text makes room for itself
        self.viewer.window.screenshot(str(path), canvas_only=False, flash=False)
        print(path)

    def pixel(self, place_rc: Sequence[float]) -> QPoint:
        """Where a (row, column) of the shown slice lies on the canvas."""
        size = self.canvas.width(), self.canvas.height()
        right, down = canvas_point(self.viewer, self.image, place_rc, size)
        return QPoint(round(right), round(down))

    def _move(self, pixel: QPoint, button=Qt.MouseButton.LeftButton) -> None:
        """Move with the button held, which ``QTest.mouseMove`` cannot say."""
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(pixel),
            QPointF(self.canvas.mapToGlobal(pixel)),
            Qt.MouseButton.NoButton,
            button,
            _HELD,
        )
        QApplication.sendEvent(self.canvas, event)
        self.rest(0.02)
