"""A checkpoint is downloaded in a thread of its own, so that the model goes on answering."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_samunet.errors import reason_of
from napari_samunet.plugin.background import Background

if TYPE_CHECKING:
    from napari_samunet.models.catalogue import CatalogueEntry

_LOOK_MS = 100


class Fetching(QObject):
    """At most one download at a time.

    Parameters
    ----------
    parent : QObject
    fetch : callable, optional
        ``fetch(entry, progress)``; the package's own by default.

    Attributes
    ----------
    entry : CatalogueEntry or None
        What is being downloaded.

    Notes
    -----
    Signals: ``progressed()``, ``finished(name)``, ``failed(text)``. After `cancel` nothing is told.
    """

    progressed = Signal()
    finished = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject, fetch: Callable[..., Any] | None = None) -> None:
        super().__init__(parent)
        self._fetch = fetch or _fetch
        self.entry: CatalogueEntry | None = None
        self._download = _Download()
        self._background: Background | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.progressed)

    @property
    def progress(self) -> tuple[int, int | None]:
        """Bytes that have come, and how many there are, or None where nobody has said."""
        return self._download.seen

    def start(self, entry: CatalogueEntry) -> None:
        """Begin to download; what was being downloaded is given up."""
        self.cancel()
        self.entry = entry
        self._download = download = _Download()
        # A thread for each, because one that waits for a silent server cannot be told to stop.
        self._background = Background(self)
        self._background.run(
            "fetch",
            lambda: self._fetch(entry, download.note),
            lambda _path: self._end(lambda: self.finished.emit(entry.name)),
            lambda error: self._end(lambda: self.failed.emit(reason_of(error))),
        )
        self._timer.start()
        self.progressed.emit()

    def cancel(self) -> None:
        """Give the download up; nothing of it is kept."""
        if self.entry is not None:
            self._download.wanted = False
            self._end(self.progressed.emit)

    def _end(self, tell: Callable[[], Any]) -> None:
        self._timer.stop()
        self.entry = None
        if self._background is not None:
            self._background.close()
            self._background.deleteLater()
            self._background = None
        tell()


class _Download:
    """What the downloading thread and the window know of each other."""

    def __init__(self) -> None:
        self.seen: tuple[int, int | None] = (0, None)
        self.wanted = True

    def note(self, done: int, total: int | None) -> bool:
        self.seen = (done, total)
        return self.wanted


def _fetch(entry: CatalogueEntry, progress: Callable[[int, int | None], bool]) -> Any:
    from napari_samunet.models.fetch import fetch

    return fetch(entry, progress)
