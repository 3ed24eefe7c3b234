"""The dialogue with the model: what is asked, in which thread, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Event
from typing import Any

from qtpy.QtCore import Signal

from napari_samunet.plugin.fetching import reason_of
from napari_samunet.plugin.kept_choice import KeptChoice
from napari_samunet.plugin.work import ImageWork
from napari_samunet.session.request import Request

_GLIMPSE = "glimpse"
_PATIENCE_S = 0.05  # a first look is drawn in a fraction of it


class Asking(KeptChoice):
    """A `KeptChoice` whose prompts are answered beside the window.

    Notes
    -----
    Signals: those of `KeptChoice`, ``busy_changed(bool)``, and ``asked`` when a prompt goes to the
    model, ``glimpsed`` when a mask is drawn that a closer look may still change.
    """

    asked = Signal()
    glimpsed = Signal()
    busy_changed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._afterwards: Callable[[], None] | None = None  # waits for the answer
        self._bridge.busy_changed.connect(self.busy_changed)

    @property
    def waiting(self) -> bool:
        """Whether the answer to the latest prompt is due."""
        return self.work is not None and self.work.session.request() is not None

    @property
    def is_busy(self) -> bool:
        """Whether the inference thread has something to do."""
        return self._bridge.is_busy

    def ask(self) -> None:
        """Let the model answer the latest prompts, if they wait for it."""
        work = self.work
        if work is None:
            return
        request = work.session.request()
        self._make_way()
        if request is None:
            self._bridge.cancel(work)
            self._bridge.cancel((work, _GLIMPSE))
        else:
            drawn = self._look_before(work, request)

            def answer() -> Any:
                # What is drawn and what is computed would wait for each other.
                drawn.wait(_PATIENCE_S)
                return request.answer(self.engine)

            self._bridge.run(
                work,
                answer,
                lambda prediction: self._on_answer(work, request, prediction),
                lambda error: self._on_failed(work, request, error),
            )
            self.asked.emit()
        self.changed.emit()

    def _look_before(self, work: ImageWork, request: Request) -> Event:
        """Show what the model sees at a first look, where nothing is corrected.

        The event is set as soon as there is nothing to draw any more.
        """
        drawn = Event()
        if request.previous is not None:
            drawn.set()
            return drawn

        def look() -> Any:
            seen = request.glimpse(self.engine)
            if seen is None:
                drawn.set()
            return seen

        def show(seen: Any) -> None:
            self._on_glimpse(work, request, seen)
            drawn.set()

        # An error comes again with the answer, and is told then.
        self._bridge.run((work, _GLIMPSE), look, show, lambda _error: drawn.set(), quiet=True)
        return drawn

    def run_beside(
        self,
        key: Hashable,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Do ``work()`` in the inference thread; ``then`` and ``failed`` are called here."""
        self._make_way()
        self._bridge.run(key, work, then, failed)

    def _make_way(self) -> None:
        """Somebody asks: what nobody waits for comes later."""

    def _answered(self) -> None:
        """The model answers, so it is loaded."""

    def _on_answer(self, work: ImageWork, request: Request, prediction: Any) -> None:
        self._answered()
        if work not in self._works.values():
            return  # its image was removed while the model worked
        work.session.apply(request, prediction)
        afterwards, self._afterwards = self._afterwards, None
        if afterwards is not None and work is self.work:
            afterwards()
        self.ask()

    def _on_glimpse(self, work: ImageWork, request: Request, seen: Any) -> None:
        latest = work.session.request()
        if seen is not None and latest is not None and latest.generation == request.generation:
            work.draw_glimpse(request.ref, seen.mask)
            self.glimpsed.emit()

    def _on_failed(self, work: ImageWork, request: Request, error: BaseException) -> None:
        self._afterwards = None
        latest = work.session.request()
        if latest is not None and latest.generation == request.generation:
            work.session.undo()  # a prompt that nothing can answer would wait for ever
        self._on_error("No answer", error)
        self.changed.emit()

    def _on_error(self, what: str, error: BaseException) -> None:
        self.say(f"{what}. {reason_of(error)}")
