"""Make the picture of the README: a real window, real mouse clicks on the sample CT.

    python docs/make_screenshot.py [--model NAME_OR_PATH] [--out docs/images/window.png]

On a server: ``xvfb-run -s "-screen 0 1600x1000x24" python docs/make_screenshot.py``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_samunet.plugin.launch import make_window

SIZE = (1366, 768)
SLICE = 20
# (row, column) of the sample: the liver; the kidney behind it, which is not liver; the spleen.
LIVER, NOT_LIVER, SECOND = (112, 66), (152, 80), (148, 176)


class Person:
    """Somebody who clicks in the window and waits for the answer."""

    def __init__(self, model: str) -> None:
        self.viewer, self.widget = make_window()
        self.viewer.window.resize(*SIZE)
        self.act = self.widget.controller
        self.act.engine.name = model
        self.image = self.act.work.image
        # napari has no public way to the canvas.
        self.canvas = self.viewer.window._qt_window._qt_viewer.canvas.native
        self.wait_for(lambda: self.act.model_ready or self.act.problem)
        if self.act.problem:
            raise SystemExit(self.act.problem)

    def wait_for(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Let Qt work until something is so."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self.rest(0.02)

    def rest(self, seconds: float) -> None:
        """Let Qt work for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def click(self, place_rc: tuple[int, int], button: Qt.MouseButton) -> None:
        """Click on a pixel of the shown slice and wait for the mask."""
        pixel = self.pixel(place_rc)
        QTest.mouseMove(self.canvas, pixel)
        QTest.mouseClick(self.canvas, button, Qt.KeyboardModifier.NoModifier, pixel)
        self.rest(0.1)
        self.wait_for(lambda: not self.act.waiting)
        self.rest(0.3)

    def press(self, key: Qt.Key) -> None:
        """Press a key on the canvas."""
        QTest.keyClick(self.canvas, key)
        self.rest(0.3)

    def pixel(self, place_rc: tuple[int, int]) -> QPoint:
        """Where a (row, column) lies on the canvas."""
        camera = self.viewer.scene.camera
        world = np.array(self.image.data_to_world((SLICE, *place_rc))[1:])
        down, across = (world - np.array(camera.center)[-2:]) * camera.zoom
        middle = self.canvas.rect().center()
        return QPoint(round(middle.x() + across), round(middle.y() + down))


def main() -> None:
    """Click two organs and save the window."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images/window.png")
    args = parser.parse_args()
    person = Person(args.model)
    person.viewer.dims.set_point(0, person.image.data_to_world((SLICE, 0, 0))[0])
    person.rest(0.5)
    person.click(LIVER, Qt.MouseButton.LeftButton)
    person.click(NOT_LIVER, Qt.MouseButton.RightButton)
    person.act.rename_object(1, "liver")
    person.press(Qt.Key.Key_G)
    person.press(Qt.Key.Key_N)
    person.click(SECOND, Qt.MouseButton.LeftButton)
    person.act.rename_object(2, "kidney")
    person.rest(1.0)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    person.viewer.window.screenshot(str(args.out), canvas_only=False, flash=False)
    print(args.out)
    person.viewer.close()


if __name__ == "__main__":
    main()
