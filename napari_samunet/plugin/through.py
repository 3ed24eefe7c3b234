"""Through the slices: a propagation is seen as it runs, can be stopped, and says its doubts."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import reason_of
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.keys import KEYS
from napari_samunet.session.plan import Carried

if TYPE_CHECKING:
    from napari_samunet.inference.prediction import Prediction
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.plan import PropagationPlan
    from napari_samunet.session.session import Session
    from napari_samunet.types import SliceRef

NOTE_S = 2.0
"""Between two notes of what a propagation has found, in seconds: so much a crash may cost."""
_ALL_SEEN = "No doubtful slice is left of this object."


class Through(QObject):
    """Carries the current object on, beside the window.

    Parameters
    ----------
    controller : Controller
        Whose session is carried on; also the parent.

    Attributes
    ----------
    running : bool
    object_id : int
        Which object of its image is carried on.
    done, total : int
        Slices that were found so far, and that are asked for at most.

    Notes
    -----
    Signals: ``changed()``.
    """

    changed = Signal()
    _found = Signal(object, object, object, object)

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self.running = False
        self.object_id = self.done = self.total = 0
        self._controller = controller
        self._work: ImageWork | None = None
        self._dropped = False
        self._stop = Event()
        self._answers: dict[SliceRef, Prediction] = {}
        self._noted = 0.0
        self._found.connect(self._show)

    @property
    def stopping(self) -> bool:
        """Whether it ends after the slice that is being answered."""
        return self.running and self._stop.is_set()

    def propagate(self, first: int, last: int) -> None:
        """Carry the object on over a range of the shown axis; pressed again, it stops."""
        self._toggle(lambda session, ref: session.plan_propagation(first, last, ref.axis))

    def redo_around(self) -> None:
        """Do again what the correction of the shown slice changes, and no more."""
        self._toggle(lambda session, ref: session.plan_around(ref.index, ref.axis))

    def place(self, action: Callable[[], object], on_answer: bool = False) -> None:
        """Place a prompt, as ``Asking.place`` does; what is carried on ends before.

        What was found is kept first: it was found of the object as it is without the prompt.
        """
        ends = self.carries(self._controller.work)
        if ends:
            self.stop()
        self._controller.asking.place(action, on_answer or ends)

    def stop(self) -> None:
        """End it after the slice that is being answered; what was found stays."""
        if self.running:
            self._stop.set()
            self.changed.emit()

    def drop(self) -> None:
        """End it, and keep nothing of what was found for the shown image."""
        work = self._controller.work
        if work is not None and self.carries(work):
            self._dropped, self._answers = True, {}
            work.session.forget_found()
            work.draw()
            self.stop()
            self._controller.say("The propagation stops after this slice; nothing of it is kept.")

    def forget(self, work: ImageWork) -> None:
        """Let go of an image that is closed: nothing of it is carried on."""
        if work is self._work:
            self._stop.set()
            self._work, self._answers = None, {}

    def carries(self, work: ImageWork | None) -> bool:
        """Whether an object of an image is being carried on."""
        return self.running and work is not None and work is self._work

    def found_of(self, work: ImageWork) -> dict[int, int]:
        """Id of the object that is carried on to how many slices of it were found so far, unless
        nothing of it will be kept.
        """
        kept = self.carries(work) and not self._dropped and self.object_id in work.names()
        return {self.object_id: self.done} if kept else {}

    def next_doubt(self) -> None:
        """Show the next doubtful slice; out of 3-D, the first one."""
        work, here = self._controller.work, self._controller.shown_ref()
        doubts = () if work is None else work.session.doubts
        if work is None or not doubts:
            self._controller.say(_ALL_SEEN)
            return
        following = [ref for ref in doubts if here is None or ref > here] or list(doubts)
        show_plane(self._controller.viewer, work.image, following[0])
        right = "" if work.session.previews else f" Right? Accept [{KEYS['accept'].shown}]."
        self._controller.say(
            f"Slice {following[0].index + 1} is doubtful ({len(doubts)} left): correct it by "
            f"clicks.{right}"
        )

    @property
    def is_doubtful(self) -> bool:
        """Whether the shown slice is accepted, doubtful, and seen by who could say it is right."""
        work, ref = self._controller.work, self._controller.shown_ref()
        current = None if work is None else work.session.current
        if work is None or current is None or current.locked or not current.visible:
            return False
        there = not work.session.previews and ref in work.session.doubts
        return there and work.shown.shows("labels")

    def trust(self) -> None:
        """Take the doubt about the shown slice away, where nothing is left to accept."""
        work, ref = self._controller.work, self._controller.shown_ref()
        if work is None or ref is None or not self.is_doubtful:
            return

        def trust(session: Session) -> None:
            session.trust(ref.index, ref.axis)
            left = len(session.doubts)
            more = (
                f"Doubtful slices left: {left} [{KEYS['next_doubt'].shown}]." if left else _ALL_SEEN
            )
            self._controller.say(f"Seen. {more}")

        self._controller.step(trust)

    def _toggle(self, plan_of: Callable[[Any, SliceRef], PropagationPlan]) -> None:
        work, ref = self._controller.work, self._controller.shown_ref()
        if self.running:
            self.stop()
        elif work is not None and ref is not None:
            self._controller.asking.place(
                lambda: self._start(work, plan_of(work.session, ref)),
                on_answer=True,
                reveal=False,
            )

    def _start(self, work: ImageWork, plan: PropagationPlan) -> None:
        self.running, self.object_id = True, plan.object_id
        asked = set(range(plan.first, plan.last + 1)) - plan.keys.keys() - plan.emptied
        self.done, self.total = 0, len(asked)
        self._work, self._answers = work, {}
        self._dropped, self._noted = False, time.monotonic()
        self._stop = stop = Event()

        def tell(ref: SliceRef, answer: Any) -> bool:
            self._found.emit(work, plan, ref, answer)
            return not stop.is_set()

        self._controller.asking.run_beside(
            (work, "propagate"),
            lambda: plan.run(self._controller.engine, tell),
            lambda found: self._finish(work, plan, found),
            lambda error: self._fail(work, plan, error),
        )
        self.changed.emit()

    def _show(
        self, work: ImageWork, plan: PropagationPlan, ref: SliceRef, answer: Prediction
    ) -> None:
        if not self.carries(work) or self._dropped:
            return
        self.done += 1
        self._answers[ref] = answer
        if time.monotonic() - self._noted > NOTE_S:
            work.session.note_found(plan, self._answers)
            self._noted = time.monotonic()
        if work is self._controller.work:
            work.drawing.masks({ref: one.chosen.packed for ref, one in self._answers.items()})
        self.changed.emit()

    def _finish(self, work: ImageWork, plan: PropagationPlan, found: Any) -> None:
        self.running = False
        if self._controller.is_open(work):
            self._controller.say_of(work, self._outcome(work, plan, found))
            self._controller.asking.go_on()
        self.changed.emit()

    def _outcome(self, work: ImageWork, plan: PropagationPlan, found: Any) -> str:
        """Keep what was found, unless nobody wants it any more; what to say of it."""
        if self._dropped:
            work.draw()
            return "Stopped: nothing of it was kept."
        if not work.session.apply_propagation(plan, found, as_preview=True):
            work.draw()
            return (
                f"The object changed meanwhile: the {len(found.answers)} slices found of it as it "
                "was are dropped. Propagate again."
            )
        if not found.answers:
            return _nothing_found(plan)
        return self._summary(work, plan, found.answers)

    def _summary(self, work: ImageWork, plan: PropagationPlan, found: Any) -> str:
        places = sorted(ref.index + 1 for ref in found)
        doubts = sum(ref in found for ref in work.session.doubts)
        ended = "Stopped" if self._stop.is_set() else "Found"
        look = f"; {doubts} doubtful" if doubts else ""
        place = f"{places[0]} to {places[-1]}"
        return f"{ended}: {len(found)} slices more, from {place}{look}. Then Accept."

    def _fail(self, work: ImageWork, plan: PropagationPlan, error: BaseException) -> None:
        """Keep what was found before the error, which is as good as what a person stops at."""
        self.running = False
        if self._controller.is_open(work):
            found = Carried(plan.axis, self._answers, gone=frozenset(), lost=frozenset())
            kept = bool(self._answers) and work.session.apply_propagation(plan, found, True)
            work.draw()
            count = len(self._answers)
            more = f" Found before: {count} slice{'s' * (count != 1)}. Then Accept." if kept else ""
            self._controller.say_of(work, f"The propagation ended. {reason_of(error)}{more}")
            self._controller.asking.go_on()
        self.changed.emit()


def _nothing_found(plan: PropagationPlan) -> str:
    first, last = plan.first, plan.last
    if set(range(first, last + 1)) <= plan.keys.keys() | plan.emptied:
        return (
            "Every slice of that range is settled, by you or by the file that it came from. To do "
            f"those of a file again, correct one and press {KEYS['redo_around'].shown}."
        )
    if any(first <= index <= last for index in plan.keys):
        return "The object ends here: it was found on no further slice."
    nearest = min(plan.keys, key=lambda index: abs(index - first))
    return (
        f"Not found from slice {first + 1} to {last + 1}. Slice {nearest + 1}, where the object "
        "is, lies outside that range: change From and to."
    )
