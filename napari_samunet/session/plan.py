"""What a propagation is going to do, as a value that another thread can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from napari_samunet.errors import EmptyPrompt
from napari_samunet.geometry import spacing_along
from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.slicing import take_finite
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.checks import check_unlocked, plane_of
from napari_samunet.session.crossing import along_axes, crossed_answer
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.plane import PlaneState
from napari_samunet.session.settled import settled_across, settled_indices, settled_masks
from napari_samunet.session.state import State
from napari_samunet.types import BoolArray, FloatArray, SliceRef, Window

Found = Callable[[SliceRef, "Prediction"], bool | None]
"""Told each plane that was found; False stops."""


@dataclass(frozen=True, eq=False)
class Carried:
    """What a propagation found.

    Attributes
    ----------
    axis
        Of all its planes.
    answers
        Plane by plane, in the order of finding.
    gone
        Planes of the range where it did not find the object, none of them settled: previews of an
        earlier propagation go there.
    lost
        Those of them where what was accepted goes, too: the model was asked there and did not see
        the object, or they lie past a slice that a person emptied. On the others nobody looked.
    """

    axis: int
    answers: Mapping[SliceRef, Prediction]
    gone: frozenset[SliceRef]
    lost: frozenset[SliceRef]


@dataclass(frozen=True, eq=False)
class PropagationPlan:
    """Carry one object from its key slices to a range of slices.

    Attributes
    ----------
    volume
        The image.
    object_id, axis, first, last
        Which object, along which axis, to which slices.
    keys
        Index to mask (H, W) of the slices that a person settled, none of them empty.
    emptied
        Indices of the slices that a person settled as empty: they stay so, and past the outermost
        key slices the object ends there.
    window
        What the key slices were shown with.
    known
        Index to mask of what is there already, where only the surroundings of a correction are
        done again.
    basis
        The object and its planes when the plan was made.
    """

    volume: Volume
    object_id: int
    axis: int
    first: int
    last: int
    keys: Mapping[int, BoolArray]
    emptied: frozenset[int]
    window: Window | None
    known: Mapping[int, BoolArray]
    basis: tuple[ObjectState, dict[SliceRef, PlaneState]]

    def run(self, engine: Answerer, progress: Found | None = None) -> Carried:
        """Answer the slices; may run in any thread. ``progress`` stops it by returning False."""
        from napari_samunet.inference.appearance import Appearance
        from napari_samunet.inference.ending import Ending
        from napari_samunet.inference.propagation import propagate

        asked: set[int] = set()
        answers: dict[int, Prediction] = {}
        across = settled_across(*self.basis, self.axis)
        reached: int | None = None

        def ask(index: int, prompts: Prompts) -> Prediction:
            asked.add(index)
            return engine.predict(self.volume, SliceRef(self.axis, index), prompts, self.window)

        def tell(index: int, answer: Prediction) -> bool:
            nonlocal reached
            if index in self.emptied:
                return True
            ref = SliceRef(self.axis, index)
            answers[index] = crossed_answer(replace(answer, model=engine.algorithm), ref, across)
            if progress is not None and progress(ref, answers[index]) is False:
                reached = index
            return reached is None

        looks = Appearance(self._slice_at, self.keys)
        ending = Ending(looks, self.keys, spacing_along(self.volume.spacing, self.axis))
        learnt = engine.discriminant(self.volume, self.axis, self.window, self.keys)
        low, high = self._ends()
        propagate(ask, self.keys, low, high, tell, self.known, ending, looks, learnt)
        return self._outcome(answers, asked, reached)

    def _slice_at(self, index: int) -> FloatArray:
        return take_finite(self.volume, SliceRef(self.axis, index))

    def _outcome(
        self, answers: Mapping[int, Prediction], asked: set[int], reached: int | None
    ) -> Carried:
        """Return what was found, and from the slices that were asked what the object lost."""
        low, high = self._ends()
        gone = self._passed(reached) - answers.keys() - settled_indices(*self.basis, self.axis)
        lost = {index for index in gone if index in asked or not low <= index <= high}
        return Carried(
            self.axis,
            {SliceRef(self.axis, index): answer for index, answer in answers.items()},
            frozenset(SliceRef(self.axis, index) for index in gone),
            frozenset(SliceRef(self.axis, index) for index in lost),
        )

    def fits(self, state: State) -> bool:
        """Whether the object is still what the plan was made for: the same, or that accepted."""
        now = {item.id: item for item in state.objects}.get(self.object_id)
        if now is None or now.locked:
            return False
        item, planes = self.basis
        going_on = state.planes_of(self.object_id)
        if going_on == planes:
            return _same(now, item) and now.settled == item.settled
        return not going_on and _same(now, _accepted(item, planes))

    def _ends(self) -> tuple[int, int]:
        """Return the range without what lies past a slice that a person emptied."""
        before = [index + 1 for index in self.emptied if index < min(self.keys)]
        after = [index - 1 for index in self.emptied if index > max(self.keys)]
        return max([self.first, *before]), min([self.last, *after])

    def _passed(self, reached: int | None) -> set[int]:
        """Return the indices that were gone through, to the one where it was stopped, if it was.

        Where only the surroundings of a correction are done again, what was there stays, but past
        a slice that a person emptied.
        """
        whole = set(range(self.first, self.last + 1))
        if self.known:
            low, high = self._ends()
            return set() if reached is not None else whole - set(range(low, high + 1))
        if reached is None:
            return whole
        low, high = min(self.keys), max(self.keys)
        if reached < low:  # in the order of ``propagate``: between, down, up
            return whole & set(range(reached, high))
        return whole & set(range(low if reached < high else self.first, reached))


def make_plan(
    volume: Volume, state: State, first: int, last: int, axis: int | None
) -> PropagationPlan:
    """Plan to carry the current object on, or else the one that was accepted last.

    Raises
    ------
    OutsideImage
        The range leaves the volume.
    EmptyPrompt
        There is no object, or no slice along that axis is settled where it is.
    InputError
        It is locked.
    """
    item, planes = _carried(state)
    axis = _axis(item, planes) if axis is None else axis
    low, high = sorted(plane_of(volume.shape, index, axis) for index in (first, last))
    axis = low.axis
    keys, emptied = _settled(item, planes, axis)
    if not keys:
        raise EmptyPrompt(
            f"Propagate starts from slices that you prompted; of '{item.name}' there is none in "
            f"this plane (axis {axis}) yet: click on it there first."
        )
    window = _window(item, planes)
    basis = (item, planes)
    return PropagationPlan(
        volume, item.id, axis, low.index, high.index, keys, emptied, window, {}, basis
    )


def make_plan_around(volume: Volume, state: State, ref: SliceRef) -> PropagationPlan:
    """Plan to do again what a corrected slice changes: up to the next key slices on both sides.

    Where there is none on a side, up to where the answer is the one that was there.

    Raises
    ------
    EmptyPrompt
        Nobody has settled that slice, or there is nothing beside it to do again.
    """
    item, planes = _carried(state)
    # What came from a file is done again, too: it is what the correction improves.
    keys, emptied = _settled(item, planes, ref.axis, given=False)
    if not keys or ref.index not in {*keys, *emptied}:
        raise EmptyPrompt(
            "To redo the slices around a correction, correct one first: click on it, then redo."
        )
    there = _masks(item, planes, ref.axis)
    before = [index for index in keys if index < ref.index]
    after = [index for index in keys if index > ref.index]
    low = max(before) + 1 if before else min(there)
    high = min(after) - 1 if after else max(there)
    near = {index: keys[index] for index in (*before[-1:], ref.index, *after[:1]) if index in keys}
    if not set(range(low, high + 1)) - {ref.index}:
        raise EmptyPrompt(
            "Both neighbours of this slice are settled, too: there is nothing between to redo."
            if before and after
            else f"'{item.name}' ends here: nothing lies beside this slice that a correction would "
            "change. Propagate carries it on."
        )
    window = _window(item, planes)
    basis = (item, planes)
    return PropagationPlan(
        volume, item.id, ref.axis, low, high, near, emptied, window, there, basis
    )


def _carried(state: State) -> tuple[ObjectState, dict[SliceRef, PlaneState]]:
    """Return the current object, or else the one that was accepted last, and its planes."""
    object_id = state.recent if state.current is None else state.current
    if object_id is None:
        raise EmptyPrompt("A propagation carries an object on, but there is none; segment one.")
    item = state.object(object_id)
    check_unlocked(item)
    return item, state.planes_of(object_id)


def _settled(
    item: ObjectState, planes: Mapping[SliceRef, PlaneState], axis: int, given: bool = True
) -> tuple[dict[int, BoolArray], frozenset[int]]:
    """Return what a person settled: where the object is, and where it is not."""
    masks = settled_masks(item, planes, axis, given)
    keys = {index: mask for index, mask in masks.items() if mask.any()}
    return keys, frozenset(masks.keys() - keys.keys())


def _same(now: ObjectState, item: ObjectState) -> bool:
    """Whether two are the same but for what does not matter to a mask, as name and colour."""
    return now.masks == item.masks and now.keys == item.keys


def _accepted(item: ObjectState, planes: Mapping[SliceRef, PlaneState]) -> ObjectState:
    """Return an object as accepting makes it, where no other is in the way."""
    shown = {ref: plane.shown.mask for ref, plane in planes.items() if plane.shown is not None}
    for masks in along_axes(shown):
        item = item.accepted(masks, planes)
    return item


def _window(item: ObjectState, planes: Mapping[SliceRef, PlaneState]) -> Window | None:
    latest = _latest(planes)
    return item.window if latest is None else planes[latest].window


def _masks(
    item: ObjectState, planes: Mapping[SliceRef, PlaneState], axis: int
) -> dict[int, BoolArray]:
    """Return what an object is on the planes along an axis so far, without empty ones."""
    refs = [SliceRef(axis, index) for index in range(item.shape[axis])]
    masks = {ref.index: mask for ref, mask in item.masks_at(refs).items()}
    for ref, plane in planes.items():
        if ref.axis == axis and plane.shown is not None:
            masks[ref.index] = plane.shown.mask
    return {index: mask for index, mask in masks.items() if mask.any()}


def _axis(item: ObjectState, planes: Mapping[SliceRef, PlaneState]) -> int:
    latest = _latest(planes) or (item.keys[-1] if item.keys else None)
    return 0 if latest is None else latest.axis


def _latest(planes: Mapping[SliceRef, PlaneState]) -> SliceRef | None:
    """Return the plane of the latest prompt; answers may come in another order."""
    prompted = [ref for ref in planes if planes[ref].prompts]
    return max(prompted, key=lambda ref: planes[ref].generation, default=None)
