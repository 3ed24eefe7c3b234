"""The dialogue with the model: what is asked, in which thread, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Event
from typing import Any

from qtpy.QtCore import Signal

from napari_samunet.errors import InputError, reason_of
from napari_samunet.plugin.choice import ImageChoice
from napari_samunet.plugin.work import ImageWork
from napari_samunet.session.request import Request

_GLIMPSE = "glimpse"
_PATIENCE_S = 0.05  # a first look is drawn in a fraction of it


class Asking(ImageChoice):
    """An `ImageChoice` whose prompts are answered beside the window.

    Notes
    -----
    Signals: those of `ImageChoice`, ``busy_changed(bool)``, and ``asked`` when a prompt goes to the
    model, ``glimpsed`` when a mask is drawn that a closer look may still change.
    """

    asked = Signal()
    glimpsed = Signal()
    busy_changed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._afterwards: list[Callable[[], object]] = []  # wait for the answer, in this order
        for background in (self.inference, self.files):
            background.busy_changed.connect(lambda _busy: self.busy_changed.emit(self.is_busy))

    @property
    def waiting(self) -> bool:
        """Whether the answer to the latest prompt is due."""
        return self.work is not None and self.work.session.request() is not None

    def is_open(self, work: ImageWork) -> bool:
        """Whether an image is still there; it may be removed while the model works."""
        return work in self._works.values()

    @property
    def is_busy(self) -> bool:
        """Whether the model works, or a file is read or written."""
        return self.inference.is_busy or self.files.is_busy

    def place(self, action: Callable[[], object], on_answer: bool = False) -> None:
        """Do ``action()``, which places a prompt: after what waits for an answer; paint waits for
        one too, to lie on it (``on_answer``). An error is said.
        """
        if self._afterwards or (on_answer and not self._is_settled()):
            self._afterwards.append(lambda: self._placed(action))
            self.say("In a moment: the answer that is due comes first.")
        else:
            self._placed(action)

    def go_on(self) -> None:
        """Do what waited, as far as nothing is due."""
        waiting, self._afterwards = self._afterwards, []
        while waiting and self._is_settled():
            waiting.pop(0)()
        self._afterwards = waiting + self._afterwards

    def ask(self) -> None:
        """Let the model answer the latest prompts, if they wait for it."""
        work = self.work
        if work is None:
            return
        request = work.session.request()
        self._make_way()
        if request is None:
            self.inference.cancel(work)
            self.inference.cancel((work, _GLIMPSE))
        else:
            drawn = self._look_before(work, request)

            def answer() -> Any:
                # What is drawn and what is computed would wait for each other.
                drawn.wait(_PATIENCE_S)
                return request.answer(self.engine)

            self.inference.run(
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
        self.inference.run((work, _GLIMPSE), look, show, lambda _error: drawn.set(), quiet=True)
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
        self.inference.run(key, work, then, failed)

    def say_error(self, what: str, error: BaseException) -> None:
        """Tell the person what did not happen, and why."""
        self.say(f"{what}. {reason_of(error)}")

    def _placed(self, action: Callable[[], object]) -> None:
        work = self.work
        if work is None:  # its image was removed meanwhile
            return
        try:
            action()
        except InputError as error:
            work.draw()
            self.say(str(error))
            return
        self.notice = ""
        work.shown.reveal()
        self.ask()

    def _is_settled(self) -> bool:
        """Whether nothing is due that an action would come too early for."""
        return not self.waiting

    def _make_way(self) -> None:
        """Somebody asks: what nobody waits for comes later."""

    def _answered(self) -> None:
        """The model answers, so it is loaded."""

    def _on_answer(self, work: ImageWork, request: Request, prediction: Any) -> None:
        self._answered()
        if not self.is_open(work):
            return
        work.session.apply(request, prediction)
        self.go_on()
        self.ask()

    def _on_glimpse(self, work: ImageWork, request: Request, seen: Any) -> None:
        latest = work.session.request()
        if seen is not None and latest is not None and latest.generation == request.generation:
            work.draw_glimpse(request.ref, seen.mask)
            self.glimpsed.emit()

    def _on_failed(self, work: ImageWork, request: Request, error: BaseException) -> None:
        self._afterwards = []
        # Prompts that nothing can answer would wait for ever.
        while _is_due(work, request) and work.session.undo():
            pass
        self.ask()
        self.say_error("No answer", error)
        self.changed.emit()

    def _end(self, wait_s: float = 0.0) -> None:
        """End the threads: a file that is being written is written first."""
        self.files.finish()
        self.inference.close(wait_s)


def _is_due(work: ImageWork, request: Request) -> bool:
    """Whether a plane of an object still waits."""
    latest = work.session.request()
    return latest is not None and (latest.object_id, latest.ref) == (request.object_id, request.ref)
