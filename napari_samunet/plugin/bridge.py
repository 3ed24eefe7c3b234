"""Predictions beside the window: one long-lived thread, answers back through a Qt signal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from qtpy.QtCore import QObject, Signal


@dataclass(frozen=True, eq=False)
class Answer:
    """What became of a request: ``prediction`` or ``error``, the other one is None."""

    key: Hashable
    request: Any
    prediction: Any = None
    error: Exception | None = None


@dataclass
class _Mailbox:
    """What the two threads share; always used under its condition."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    pending: dict[Hashable, Any] = field(default_factory=dict)
    closed: bool = False


class InferenceBridge(QObject):
    """Loads the model and predicts in a thread of its own, so that the window never waits.

    Of several requests with the same key only the newest is computed: it holds all clicks of the
    older ones. What runs is not interrupted; who asked compares the request to drop a late answer.

    Parameters
    ----------
    load : callable
        Makes the engine; called once, in the thread, because it imports torch.
    predict : callable
        ``predict(engine, request)`` returns the prediction.

    Notes
    -----
    Signals, all received in the thread that made the bridge: ``ready(engine)`` when the model is
    there, ``load_failed(error)``, ``answered(Answer)`` and ``busy_changed(bool)``.
    """

    ready = Signal(object)
    load_failed = Signal(object)
    answered = Signal(object)
    busy_changed = Signal(bool)

    def __init__(
        self, load: Callable[[], Any], predict: Callable[[Any, Any], Any], parent: Any = None
    ) -> None:
        super().__init__(parent)
        self._box = _Mailbox()
        self._work = (load, predict)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to load the model; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="samunet", daemon=True)
            self._thread.start()

    def ask(self, key: Hashable, request: Any) -> None:
        """Compute a request as soon as the thread is free, in place of an older one of its key."""
        with self._box.changed:
            self._box.pending.pop(key, None)
            self._box.pending[key] = request
            self._box.changed.notify()
        self.start()

    def forget(self, key: Hashable) -> None:
        """Drop what waits under a key, e.g. because its image is gone."""
        with self._box.changed:
            self._box.pending.pop(key, None)

    def close(self, wait_s: float = 0.0) -> None:
        """End the thread after what it computes now; nothing is sent any more."""
        with self._box.changed:
            self._box.closed = True
            self._box.pending.clear()
            self._box.changed.notify()
        if self._thread is not None and wait_s:
            self._thread.join(wait_s)

    def _run(self) -> None:
        load, predict = self._work
        try:
            engine = load()
        except Exception as error:
            self._send(self.load_failed, error)
            return
        self._send(self.ready, engine)
        while (job := self._next()) is not None:
            key, request = job
            self._send(self.busy_changed, True)
            try:
                answer = Answer(key, request, prediction=predict(engine, request))
            except Exception as error:
                answer = Answer(key, request, error=error)
            self._send(self.answered, answer)
            self._send(self.busy_changed, False)

    def _next(self) -> tuple[Hashable, Any] | None:
        with self._box.changed:
            self._box.changed.wait_for(lambda: self._box.pending or self._box.closed)
            if self._box.closed:
                return None
            key = next(iter(self._box.pending))
            return key, self._box.pending.pop(key)

    def _send(self, signal: Any, value: object) -> None:
        if not self._box.closed:
            with suppress(RuntimeError):  # Qt deleted the receiver between the check and the call
                signal.emit(value)
