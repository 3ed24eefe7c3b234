"""One thread that does the slow work, so that a window never waits; it knows no Qt.

The newest job of a key replaces one that has not begun, and the result of one that was overtaken
while it ran is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Condition, Thread, current_thread
from typing import Any

logger = logging.getLogger(__name__)

Work = Callable[[], Any]
OnResult = Callable[[Any], None]
OnError = Callable[[BaseException], None]


@dataclass(frozen=True, eq=False)
class _Job:
    key: Hashable
    work: Work
    on_result: OnResult
    on_error: OnError | None


class Worker:
    """A long-lived daemon thread; it starts with the first job.

    ``on_result`` and ``on_error`` are called in that thread: a window must hand them on to its own.

    Parameters
    ----------
    name
        Of the thread.
    on_error
        Told what a job raised when the job has no ``on_error`` of its own; by default it is logged.
    """

    def __init__(self, name: str = "samunet", on_error: OnError | None = None) -> None:
        self._name = name
        self._on_error = on_error or _log
        self._changed = Condition()
        self._waiting: dict[Hashable, _Job] = {}
        self._newest: dict[Hashable, _Job] = {}
        self._running: _Job | None = None
        self._thread: Thread | None = None
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a job runs or waits."""
        with self._changed:
            return self._running is not None or bool(self._waiting)

    def submit(
        self,
        work: Work,
        on_result: OnResult,
        key: Hashable = None,
        on_error: OnError | None = None,
    ) -> None:
        """Do ``work()`` soon and hand what it returns to ``on_result``.

        A job of the same ``key`` that waits is replaced; the result or error of one that runs is
        dropped. Jobs of different keys are done in the order of their latest submission.

        Raises
        ------
        RuntimeError
            The worker is closed.
        """
        job = _Job(key, work, on_result, on_error)
        with self._changed:
            if self._closed:
                raise RuntimeError("The worker is closed; make another one.")
            self._waiting.pop(key, None)
            self._waiting[key] = job
            self._newest[key] = job
            if self._thread is None:
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self, key: Hashable = None) -> None:
        """Forget the job of a key; if it runs, its result is dropped."""
        with self._changed:
            self._waiting.pop(key, None)
            self._newest.pop(key, None)
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs or waits; False when ``timeout`` seconds passed before."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._running is None and not self._waiting, timeout
            )

    def close(self, timeout: float | None = None) -> bool:
        """Forget all jobs and end the thread; False when it still runs after ``timeout`` seconds.

        Closing twice does nothing. From a callback it returns at once: the thread cannot wait for
        itself, and ends after it.
        """
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._newest.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is None or thread is current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._do(job)
            finally:
                with self._changed:
                    self._running = None
                    self._changed.notify_all()
            del job  # it holds an image, which may be closed before another job comes

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            self._running = self._waiting.pop(next(iter(self._waiting)))
            return self._running

    def _do(self, job: _Job) -> None:
        """Work, and deliver the result or the error unless the job was overtaken or cancelled."""
        try:
            result = job.work()
        except BaseException as error:  # a library may even leave the program
            if self._take(job):
                self._tell(job, error)
            return
        if self._take(job):
            try:
                job.on_result(result)
            except Exception as error:  # must not end the thread
                self._tell(job, error)

    def _take(self, job: _Job) -> bool:
        """Whether a finished job is still the newest of its key; it is delivered only once."""
        with self._changed:
            if self._newest.get(job.key) is not job:
                return False
            del self._newest[job.key]
            return True

    def _tell(self, job: _Job, error: BaseException) -> None:
        try:
            (job.on_error or self._on_error)(error)
        except Exception:
            logger.exception("The error callback of a job failed")


def _log(error: BaseException) -> None:
    logger.error("A job failed", exc_info=error)
