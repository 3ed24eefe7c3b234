"""Where a docked widget finds the window that it is in, and the canvas of that window."""

from __future__ import annotations

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QMainWindow, QWidget


def main_window(inside: QWidget) -> QWidget:
    """Return the main window, of which a floating dock is a child but no part."""
    place: QWidget | None = inside
    while place is not None and not isinstance(place, QMainWindow):
        place = place.parentWidget()
    return place or inside.window() or inside


def canvas_of(inside: QWidget) -> QOpenGLWidget | None:
    """Return what the images are drawn on, or None where there is none."""
    window = main_window(inside)
    middle = window.centralWidget() if isinstance(window, QMainWindow) else None
    return None if middle is None else middle.findChild(QOpenGLWidget)
