"""A pause after which something is done, once."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer

ANSWER_MS = 100
"""What a click changes is drawn together with its answer, or alone when none came by then."""


class Rest(QTimer):
    """Calls back once, so long after the latest ``start``.

    Parameters
    ----------
    parent : QObject or None
    milliseconds : int
        0: as soon as the events that came are worked off.
    then : callable
    """

    def __init__(
        self, parent: QObject | None, milliseconds: int, then: Callable[[], object]
    ) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(milliseconds)
        self._then = then
        # A slot that is a method of a QObject is held weakly. A lambda as the slot of a timer that
        # its parent owns outlives the widget that made it: Python's collector empties it first, and
        # the call of the emptied function ends the process.
        self.timeout.connect(self._end)

    def _end(self) -> None:
        self._then()
