"""Through the slices: a propagation is seen as it runs, can be stopped, and says its doubts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import SamUNetError, reason_of
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.keys import KEYS

if TYPE_CHECKING:
    from napari_samunet.packed import PackedMask
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.plan import PropagationPlan
    from napari_samunet.types import SliceRef


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
    _found = Signal(object, object, object)

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self.running = False
        self.object_id = self.done = self.total = 0
        self._controller = controller
        self._work: ImageWork | None = None
        self._dropped = False
        self._stop = Event()
        self._masks: dict[SliceRef, PackedMask] = {}
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
        """Place a prompt, as ``Controller.place`` does; what is carried on ends before.

        What was found is kept first: it was found of the object as it is without the prompt.
        """
        ends = self.carries(self._controller.work)
        if ends:
            self.stop()
        self._controller.place(action, on_answer or ends)

    def stop(self) -> None:
        """End it after the slice that is being answered; what was found stays."""
        if self.running:
            self._stop.set()
            self.changed.emit()

    def drop(self) -> None:
        """End it, and keep nothing of what was found for the shown image."""
        if self.carries(self._controller.work):
            self._dropped = True
            self.stop()

    def carries(self, work: ImageWork | None) -> bool:
        """Whether an object of an image is being carried on."""
        return self.running and work is self._work

    def next_doubt(self) -> None:
        """Show the next slice on which the model was not sure; out of 3-D, the first one."""
        work, here = self._controller.work, self._controller.shown_ref()
        doubts = () if work is None else work.session.doubts
        if work is None or not doubts:
            self._controller.say("No doubtful slice is left of this object.")
            return
        following = [ref for ref in doubts if here is None or ref > here] or list(doubts)
        show_plane(self._controller.viewer, work.image, following[0])
        self._controller.say(
            f"Slice {following[0].index + 1}: the model was not sure here. "
            f"{len(doubts)} to look at; click to correct it."
        )

    def _toggle(self, plan_of: Callable[[Any, SliceRef], PropagationPlan]) -> None:
        ref = self._controller.shown_ref()
        if self.running:
            self.stop()
        elif ref is not None:
            self._start(lambda session: plan_of(session, ref))

    def _start(self, plan_of: Callable[[Any], PropagationPlan]) -> None:
        work = self._controller.work
        if work is None:
            return
        if self._controller.waiting:
            self._controller.place(lambda: self._start(plan_of), on_answer=True)
            return
        try:
            plan = plan_of(work.session)
        except SamUNetError as error:
            self._controller.say(str(error))
            return
        self.running, self.object_id = True, plan.object_id
        asked = set(range(plan.first, plan.last + 1)) - plan.keys.keys() - plan.emptied
        self.done, self.total = 0, len(asked)
        self._controller.notice = ""
        self._work, self._masks, self._dropped = work, {}, False
        self._stop = stop = Event()

        def tell(ref: SliceRef, answer: Any) -> bool:
            self._found.emit(work, ref, answer.chosen.packed)
            return not stop.is_set()

        self._controller.run_beside(
            (work, "propagate"),
            lambda: plan.run(self._controller.engine, tell),
            lambda found: self._finish(work, plan, found),
            self._fail,
        )
        self.changed.emit()

    def _show(self, work: ImageWork, ref: SliceRef, mask: PackedMask) -> None:
        if not self.running or self._dropped or work is not self._controller.work:
            return
        self.done += 1
        self._masks[ref] = mask
        work.draw_live_masks(self._masks)
        self.changed.emit()

    def _finish(self, work: ImageWork, plan: PropagationPlan, found: Any) -> None:
        self.running = False
        if not self._controller.is_open(work):
            return
        said = self._outcome(work, plan, found)
        if work is self._controller.work:  # another image has nothing to do with it
            self._controller.say(said)
            self._controller.go_on()
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
        look = f"; {doubts} to look at" if doubts else ""
        return f"{ended}: {len(found)} slices, {places[0]} to {places[-1]}{look}. Then Accept."

    def _fail(self, error: BaseException) -> None:
        self.running = False
        if self._controller.work is not None:
            self._controller.work.draw()
        self._controller.say(f"The propagation ended. {reason_of(error)}")
        self._controller.go_on()
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
