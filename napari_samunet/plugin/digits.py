"""Shift and a digit, which the keyboards of the world write in as many ways."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut, QWidget

from napari_samunet.plugin.canvas import main_window


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
        self._shortcuts = [self._make(main_window(inside), digit, pressed) for digit in range(10)]

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
