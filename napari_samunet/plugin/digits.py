"""Shift and a digit, which the keyboards of the world write in as many ways."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMainWindow, QShortcut, QWidget


class DigitKeys(QObject):
    """Calls back with the digit that is pressed with Shift, anywhere in one window.

    napari is told the sign that the key writes ("!" or "§"), so its own bindings cannot name the
    digit; Qt knows the key. A text that is being written keeps its signs.

    Parameters
    ----------
    inside : QWidget
        A widget of the window, docked or floating; also the parent.
    pressed : callable
        ``pressed(digit)``.
    """

    def __init__(self, inside: QWidget, pressed: Callable[[int], None]) -> None:
        super().__init__(inside)
        self._shortcuts = [self._make(_main_window(inside), digit, pressed) for digit in range(10)]

    def release(self) -> None:
        """Give the keys back."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []

    def _make(self, window: QWidget, digit: int, pressed: Callable[[int], None]) -> QShortcut:
        shortcut = QShortcut(QKeySequence(f"Shift+{digit}"), window)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(lambda: pressed(digit))
        return shortcut


def _main_window(inside: QWidget) -> QWidget:
    """Return the main window, of which a floating dock is a child but no part."""
    place: QWidget | None = inside
    while place is not None and not isinstance(place, QMainWindow):
        place = place.parentWidget()
    return inside.window() if place is None else place
