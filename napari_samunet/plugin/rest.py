"""A pause after which something is done, once."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer


class Rest(QTimer):
    """Calls back once, so long after the latest ``start``.

    Parameters
    ----------
    parent : QObject
    milliseconds : int
        0: as soon as the events that came are worked off.
    then : callable
    """

    def __init__(self, parent: QObject, milliseconds: int, then: Callable[[], object]) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(milliseconds)
        self.timeout.connect(then)
