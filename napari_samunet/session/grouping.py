"""The objects of a session: beginning, finding, naming, locking, joining and parting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_samunet.errors import InputError
from napari_samunet.session import regroup
from napari_samunet.session.checks import check_unlocked, object_name, plane_of
from napari_samunet.session.core import SessionCore
from napari_samunet.session.labelset import LabelName
from napari_samunet.session.numbering import with_names
from napari_samunet.session.objects import SegmentObject
from napari_samunet.session.state import Overlap, State


class GroupingSession(SessionCore):
    """The part of a session that keeps its objects.

    Attributes
    ----------
    overlap
        What happens where a mask that is accepted, carried on or filled meets another object; a
        locked one always stays whole.
    """

    overlap: Overlap = "both"

    def new_object(self, name: str | None = None) -> SegmentObject:
        """Start an object; what the one before has in preview stays there until it is accepted."""
        number = self._state.next_id
        named = None if name is None else object_name(name)
        state = self._state.with_object(named, self.volume.shape)
        self._commit("new object", replace(state, ref=None))
        return self._handle(number)

    def add_label_set(self, names: Sequence[LabelName]) -> tuple[SegmentObject, ...]:
        """Name the objects of these numbers that nobody named, and add an empty one for every other
        name, in one step; the first becomes the current one.
        """
        entered = with_names(self._state, names, self.volume.shape)
        self._commit("label set", entered.state)
        for note in entered.notes:
            self.notice.emit(note)
        return tuple(map(self._handle, entered.numbers))

    def next_empty(self) -> SegmentObject | None:
        """Return the next object after the current one that has neither mask nor prompts."""
        current, state = self._state.current or 0, self._state
        empty = [o.id for o in state.objects if not o.masks and not state.planes_of(o.id)]
        later = [number for number in empty if number > current]
        number = min(later or empty, default=None)
        return None if number is None else self._handle(number)

    def select(self, item: SegmentObject | int) -> SegmentObject:
        """Make an object the current one, to go on from its prompts and its accepted mask."""
        object_id = self._id_of(item)
        planes = self._state.planes_of(object_id)
        latest = max(planes, key=lambda ref: planes[ref].generation, default=None)
        self._move_to(replace(self._state, current=object_id, ref=latest))
        return self._handle(object_id)

    def object_at(
        self, place_rc: tuple[int, int], index: int, axis: int = 0
    ) -> SegmentObject | None:
        """Return the object that the labels show at a pixel of a plane; None where they show none,
        or there is no such pixel.

        Raises
        ------
        OutsideImage
            There is no such plane.
        """
        ref = plane_of(self.volume.shape, index, axis)
        place = list(place_rc)
        place.insert(ref.axis, ref.index)
        if not all(0 <= n < size for n, size in zip(place, self.volume.shape, strict=True)):
            return None
        number = int(self.labels[tuple(place)])
        return self._handle(number) if number else None

    def rename_object(self, item: SegmentObject | int, name: str) -> None:
        """Give an object another name."""
        named = replace(self._state.object(self._id_of(item)), name=object_name(name))
        self._commit("rename", self._state.with_changed(named))

    def lock_object(self, item: SegmentObject | int, locked: bool = True) -> None:
        """Protect an object: nothing changes its mask and no other is painted over it."""
        changed = replace(self._state.object(self._id_of(item)), locked=locked)
        self._commit("lock" if locked else "unlock", self._state.with_changed(changed))

    def show_object(self, item: SegmentObject | int, visible: bool = True) -> None:
        """Show or hide an object; its mask stays in ``labels``."""
        changed = replace(self._state.object(self._id_of(item)), visible=visible)
        self._commit("show" if visible else "hide", self._state.with_changed(changed))

    def delete_object(self, item: SegmentObject | int) -> None:
        """Remove an object with its mask and prompts; no new one gets its number while there are
        others, but what a file or paint brings with this number has it.

        Raises
        ------
        InputError
            It is locked.
        """
        self.delete_objects(item)

    def delete_objects(self, *items: SegmentObject | int) -> None:
        """Remove several objects in one step, or none where one of them is locked.

        Raises
        ------
        InputError
            One of them is locked.
        """
        state = self._state
        for item in items:
            state = state.without(self._unlocked(item))
        self._commit("delete", state)

    def merge_objects(
        self, item: SegmentObject | int, others: list[SegmentObject | int]
    ) -> SegmentObject:
        """Add the masks and previews of other objects to one; the others are gone.

        Raises
        ------
        InputError
            One of them is locked, or none but the object itself was named.
        """
        object_id = self._unlocked(item)
        given = [self._unlocked(other) for other in others if self._id_of(other) != object_id]
        if not given:
            raise InputError("To merge, name the object to keep and at least one other.")
        self._commit("merge", regroup.merged(self._state, object_id, given))
        return self._handle(object_id)

    def split_object(self, item: SegmentObject | int) -> tuple[SegmentObject, ...]:
        """Make an object of every island of an accepted mask; the largest keeps the number.

        Islands touch nowhere, not even at a corner.

        Raises
        ------
        InputError
            It is locked, or of one piece.
        """
        object_id = self._unlocked(item)
        before = {known.id for known in self._state.objects}
        state = regroup.split(self._state, object_id, self.volume.shape)
        self._commit("split", state)
        made = (known.id for known in state.objects if known.id not in before)
        return tuple(self._handle(number) for number in (object_id, *made))

    def fill_holes(self, *items: SegmentObject | int) -> int:
        """Fill what accepted masks enclose, slice by slice along axis 0, in one step; return how
        many voxels these objects have more.

        Raises
        ------
        InputError
            One of them is locked.
        """
        numbers, state = [self._unlocked(item) for item in items], self._state
        before = sum(self._handle(number).voxels for number in numbers)
        for number in numbers:
            state = regroup.filled(state, number, self.overlap)
        self._commit("fill holes", state)
        return sum(self._handle(number).voxels for number in numbers) - before

    def _unlocked(self, item: SegmentObject | int) -> int:
        found = self._state.object(self._id_of(item))
        check_unlocked(found)
        return found.id

    def _with_current(self) -> tuple[State, int]:
        """Return the state and its current object; where none is, one begins with its prompt."""
        state = self._state
        if state.current is not None:
            return state, self._unlocked(state.current)
        return state.with_object(None, self.volume.shape), state.next_id
