"""One frame for a click and its answer, where a window would draw one for each."""

from __future__ import annotations

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_samunet.plugin.canvas import main_window
from napari_samunet.plugin.rest import ANSWER_MS, Rest


class OneFrame(QObject):
    """Keeps a window from being drawn while an answer is due, for a moment at most.

    napari draws a frame whenever a mouse button is pressed, and Qt holds Python's lock until a
    frame is put together: the inference thread would wait for it. What the click changes is drawn
    with its answer instead.

    Parameters
    ----------
    inside : QWidget
        A part of the window; also the parent.
    """

    def __init__(self, inside: QWidget) -> None:
        super().__init__(inside)
        self._inside = inside
        self._held: QWidget | None = None
        self._patience = Rest(self, ANSWER_MS, self.release)

    def hold(self) -> None:
        """Draw nothing until `release`, or until the answer has taken too long to wait for it."""
        if self._held is None:
            self._held = main_window(self._inside)
            self._held.setUpdatesEnabled(False)
            self._patience.start()

    def release(self) -> None:
        """Draw everything that changed meanwhile."""
        held, self._held = self._held, None
        self._patience.stop()
        if held is not None:
            held.setUpdatesEnabled(True)
