"""Slow work beside the window: done in a thread of its own, told in the window's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_samunet.inference.worker import Worker

logger = logging.getLogger(__name__)

_POLL_MS = 80
_FINISH_S = 60.0


class Background(QObject):
    """Hands jobs to a thread of its own and their results back to the window's thread.

    Of several jobs with one key only the newest counts, see ``Worker``. After `close` nothing is
    told any more.

    Notes
    -----
    Signals: ``busy_changed(bool)``.
    """

    busy_changed = Signal(bool)
    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Worker()
        self._closed = self._finishing = False
        self._busy = False
        # The newest job of each key, until it is told or forgotten: the worker may be done with one
        # whose result still waits among Qt's events.
        self._due: dict[Hashable, object] = {}
        self._told.connect(self._tell)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._look)

    @property
    def is_busy(self) -> bool:
        """Whether a job runs or waits that somebody waits for."""
        return self._busy and not self._closed

    def run(
        self,
        key: Hashable,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        quiet: bool = False,
    ) -> None:
        """Do ``work()`` in its own thread, then ``then(result)`` or ``failed(error)`` here.

        Parameters
        ----------
        key
            A job of the same key that waits is replaced, one that runs or is done is not told.
        work
            Must not touch viewer or layers.
        then, failed
            Called in the window's thread.
        quiet
            Nobody waits for it, so it does not count as busy.
        """
        if self._closed:
            return
        job = self._due[key] = object()
        told, refused = self._if_due(key, job, then), self._if_due(key, job, failed)
        self._worker.submit(
            work,
            lambda result: self._send(told, result),
            key,
            lambda error: self._fail(refused, error),
        )
        if not quiet:
            self._set_busy(True)
            self._timer.start()

    def cancel(self, key: Hashable) -> None:
        """Forget the job of a key; what runs of it or is done is not told."""
        self._due.pop(key, None)
        self._worker.cancel(key)

    def finish(self) -> None:
        """Do what is due and end the thread; an error is logged, for nobody is there to be told."""
        self._finishing = True
        if not self._worker.wait(_FINISH_S):
            logger.error("The window closed before all that was due was done, e.g. an export")
        self.close()

    def close(self, wait_s: float = 0.0) -> None:
        """Forget all jobs and end the thread after what it does now."""
        self._closed = True
        self._timer.stop()
        self._worker.close(wait_s)

    def _if_due(
        self, key: Hashable, job: object, receiver: Callable[[Any], None]
    ) -> Callable[[Any], None]:
        """A receiver that is told only of the newest job of its key."""

        def tell(value: Any) -> None:
            if self._due.get(key) is job:
                del self._due[key]
                receiver(value)

        return tell

    def _fail(self, failed: Callable[[BaseException], None], error: BaseException) -> None:
        if self._finishing:
            logger.error("What was due when the window closed failed", exc_info=error)
        self._send(failed, error)

    def _send(self, receiver: Callable[[Any], None], value: Any) -> None:
        if not self._closed:
            with suppress(RuntimeError):  # Qt deleted this object between the check and the call
                self._told.emit(receiver, value)

    @Slot(object, object)
    def _tell(self, receiver: Callable[[Any], None], value: Any) -> None:
        if not self._closed:
            self._look()
            receiver(value)

    def _look(self) -> None:
        busy = self._busy and self._worker.is_busy  # quiet work alone is no busyness
        if not busy:
            self._timer.stop()
        self._set_busy(busy)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
