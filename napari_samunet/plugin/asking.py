"""The dialogue with the model: what is asked, in which thread, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import InputError, reason_of

if TYPE_CHECKING:
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.request import Request

_GLIMPSE = "glimpse"
_PATIENCE_S = 0.05  # a first look is drawn in a fraction of it


class Asking(QObject):
    """Lets the model answer beside the window; what a person does meanwhile comes in its turn.

    Parameters
    ----------
    controller : Controller
        Whose images are asked about; also the parent.

    Notes
    -----
    Signals: ``placed`` when a person prompted or painted on the chosen image, or had an object of
    it carried on, ``asked`` when a prompt of it goes to the model, ``glimpsed`` when a mask is
    drawn that a closer look may still change.
    """

    placed = Signal()
    asked = Signal()
    glimpsed = Signal()

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._controller = controller
        # What waits for an answer of its image, in this order.
        self._afterwards: dict[ImageWork, list[Callable[[], object]]] = {}

    def place(
        self, action: Callable[[], object], on_answer: bool = False, reveal: bool = True
    ) -> None:
        """Do ``action()``, which places a prompt: after what waits for an answer; paint waits for
        one too, to lie on it (``on_answer``). An error is said; masks that a person hid are shown
        again (``reveal``).
        """
        work = self._controller.work
        if work is None:
            return
        if self._afterwards.get(work) or (on_answer and not self._is_settled()):
            self._put_off(work, lambda: self._placed(work, action, reveal))
            self._controller.say("In a moment: the answer that is due comes first.")
        else:
            self._placed(work, action, reveal)

    def comes_later(self, action: Callable[[], object]) -> bool:
        """Whether an action waits for the answer that is due, or for a propagation, which ends."""
        work = self._controller.work
        if work is None or self._is_settled():
            return False
        self._controller.through.stop()
        self._put_off(work, action)
        return True

    def drop_waiting(self) -> bool:
        """Forget what waits on the chosen image; whether there was anything."""
        work = self._controller.work
        return work is not None and bool(self._afterwards.pop(work, None))

    def go_on(self) -> None:
        """Do what waited on the chosen image, as far as nothing is due."""
        work = self._controller.work
        if work is None:
            return
        waiting = self._afterwards.pop(work, [])
        while waiting and self._is_settled():
            waiting.pop(0)()
        self._afterwards[work] = waiting + self._afterwards.get(work, [])

    def ask(self, work: ImageWork | None = None) -> None:
        """Let the model answer the latest prompts on an image, by default on the chosen one, if
        they wait for it.
        """
        chosen, inference = self._controller.work, self._controller.inference
        work = work or chosen
        if work is None:
            return
        request = work.session.request()
        self._make_way()
        if request is None:
            self._call_off(work)
        else:
            drawn = self._look_before(work, request)

            def answer() -> Any:
                # What is drawn and what is computed would wait for each other.
                drawn.wait(_PATIENCE_S)
                return request.answer(self._controller.engine)

            inference.run(
                work,
                answer,
                lambda prediction: self._on_answer(work, request, prediction),
                lambda error: self._on_failed(work, request, error),
            )
            if work is chosen:
                self.asked.emit()
        self._controller.changed.emit()

    def run_beside(
        self,
        key: Hashable,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Do ``work()`` in the inference thread; ``then`` and ``failed`` are called here."""
        self._make_way()
        self._controller.inference.run(key, work, then, failed)

    def forget(self, work: ImageWork) -> None:
        """Let go of an image that is closed, and of what waits on it."""
        self._afterwards.pop(work, None)
        self._call_off(work)

    def _look_before(self, work: ImageWork, request: Request) -> Event:
        """Show what the model sees at a first look, where nothing is corrected.

        The event is set as soon as there is nothing to draw any more.
        """
        drawn = Event()
        if request.previous is not None:
            drawn.set()
            return drawn

        def look() -> Any:
            seen = request.glimpse(self._controller.engine)
            if seen is None:
                drawn.set()
            return seen

        def show(seen: Any) -> None:
            self._on_glimpse(work, request, seen)
            drawn.set()

        # An error comes again with the answer, and is told then.
        self._controller.inference.run(
            (work, _GLIMPSE), look, show, lambda _error: drawn.set(), quiet=True
        )
        return drawn

    def _put_off(self, work: ImageWork, action: Callable[[], object]) -> None:
        self._afterwards.setdefault(work, []).append(action)

    def _placed(self, work: ImageWork, action: Callable[[], object], reveal: bool) -> None:
        try:
            action()
        except InputError as error:
            work.draw()
            self._controller.say(str(error))
            return
        self._controller.notice = ""
        if reveal:
            work.shown.reveal()
        self.placed.emit()
        self.ask()

    def _is_settled(self) -> bool:
        """Whether nothing is due on the chosen image that an action would come too early for."""
        act = self._controller
        return not act.waiting and not act.through.carries(act.work)

    def _make_way(self) -> None:
        """Somebody asks: what nobody waits for comes later."""
        self._controller.ahead.give_way()
        self._controller.hover.give_way()
        if self._controller.waiting:
            self._controller.through.stop()  # a person's click comes first

    def _on_answer(self, work: ImageWork, request: Request, prediction: Any) -> None:
        self._controller.models.ready = True
        if not self._controller.is_open(work):
            return
        work.session.apply(request, prediction)
        self.go_on()
        self.ask(work)

    def _on_glimpse(self, work: ImageWork, request: Request, seen: Any) -> None:
        if not self._controller.is_open(work):
            return
        latest = work.session.request()
        if seen is not None and latest is not None and latest.generation == request.generation:
            work.draw_glimpse(request.ref, seen.mask)
            self.glimpsed.emit()

    def _on_failed(self, work: ImageWork, request: Request, error: BaseException) -> None:
        if not self._controller.is_open(work):
            return
        self._afterwards.pop(work, None)
        # Prompts that nothing can answer would wait for ever.
        while _is_due(work, request) and work.session.undo():
            pass
        self.ask(work)
        self._controller.say_of(work, f"No answer. {reason_of(error)}")

    def _call_off(self, work: ImageWork) -> None:
        """Nobody waits for an answer on this image any more."""
        self._controller.inference.cancel(work)
        self._controller.inference.cancel((work, _GLIMPSE))


def _is_due(work: ImageWork, request: Request) -> bool:
    """Whether a plane of an object still waits."""
    latest = work.session.request()
    return latest is not None and (latest.object_id, latest.ref) == (request.object_id, request.ref)
