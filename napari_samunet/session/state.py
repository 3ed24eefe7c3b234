"""The whole state of a session as one value: steps make new values, undo takes an earlier one.

Values share what did not change, so a step costs the slices that it touches.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from napari_samunet.errors import InputError
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.segments import default_name
from napari_samunet.session.colors import color_of
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plane import PlaneState
from napari_samunet.types import SliceRef

MAX_ID = 65535
Overlap = Literal["both", "keep", "replace"]
"""Who gets a voxel that two objects claim: each keeps its own mask, the one that has it already,
the one that claims it.
"""
PlaneKey = tuple[int, SliceRef]


@dataclass(frozen=True, eq=False)
class State:
    """Everything that undo restores.

    Attributes
    ----------
    objects
        In the order of creation; where they overlap, the later one shows.
    planes
        Object and plane to what is going on there.
    current
        Id of the object that prompts go to; None: the next prompt makes a new one.
    ref
        The plane of the latest prompt.
    recent
        Id of the object that was accepted last.
    next_id
        Id that the next object gets; numbers of deleted objects are not used again, as long as
        there are others, but by what comes with a number of its own: from a file, or painted.
    """

    objects: tuple[ObjectState, ...] = ()
    planes: Mapping[PlaneKey, PlaneState] = field(default_factory=dict)
    current: int | None = None
    ref: SliceRef | None = None
    recent: int | None = None
    next_id: int = 1

    def object(self, object_id: int) -> ObjectState:
        """Return one object.

        Raises
        ------
        InputError
            There is none of this id.
        """
        for item in self.objects:
            if item.id == object_id:
                return item
        there = ", ".join(f"{item.id} ({item.name})" for item in self.objects) or "none yet"
        raise InputError(
            f"An object of this session was wanted, but {object_id} is none of them ({there})."
        )

    def plane(self, key: PlaneKey) -> PlaneState:
        """Return what is going on at a plane; an empty state where nothing is."""
        return self.planes.get(key, PlaneState())

    def current_plane(self) -> PlaneState | None:
        """Return the plane of the latest prompt, if the current object has something there."""
        if self.current is None or self.ref is None:
            return None
        return self.planes.get((self.current, self.ref))

    @property
    def shown(self) -> Prediction | None:
        """The answer to the latest prompt of the current object, if it is not accepted yet."""
        plane = self.current_plane()
        return None if plane is None else plane.shown

    @property
    def prompts(self) -> tuple[PlacedPrompt, ...]:
        """Prompts of the current object that are not accepted yet, plane by plane."""
        planes = self.planes_of(self.current).values()
        return tuple(prompt for plane in planes for prompt in plane.prompts)

    def planes_of(self, object_id: int | None) -> dict[SliceRef, PlaneState]:
        """Return all planes where something is going on for one object."""
        return {ref: plane for (number, ref), plane in self.planes.items() if number == object_id}

    def settled_planes(self, object_id: int) -> dict[SliceRef, PlaneState]:
        """Return what was accepted with prompts, on planes where nothing new was begun."""
        settled = self.object(object_id).settled
        return {ref: plane for ref, plane in settled.items() if (object_id, ref) not in self.planes}

    def with_object(
        self, name: str | None, shape: tuple[int, int, int], number: int | None = None
    ) -> State:
        """Return the state with one object more, which is the current one.

        ``number`` is one that no object has; None: the next.

        Raises
        ------
        InputError
            All 65535 numbers that labels can hold are used.
        """
        number = self.next_id if number is None else number
        if number > MAX_ID:
            raise InputError(
                f"Labels hold at most {MAX_ID} objects and all are used; start a new session."
            )
        made = ObjectState(number, name or default_name(number), color_of(number), shape)
        objects = (*self.objects, made)
        following = next_number(max(self.next_id, number + 1), {item.id for item in objects})
        return replace(self, objects=objects, current=number, next_id=following)

    def following(self, used: Collection[int]) -> int:
        """Return the number of the next object once these numbers, and no others, are used."""
        return next_number(max([self.next_id, *(number + 1 for number in used)]), used)

    def with_changed(self, changed: ObjectState) -> State:
        """Return the state with another value of one of its objects."""
        objects = tuple(changed if item.id == changed.id else item for item in self.objects)
        return replace(self, objects=objects)

    def with_plane(self, key: PlaneKey, plane: PlaneState | None) -> State:
        """Return the state with another value of one plane; None: nothing goes on there."""
        planes = {other: value for other, value in self.planes.items() if other != key}
        if plane is not None:
            planes[key] = plane
        return replace(self, planes=planes)

    def without(self, object_id: int) -> State:
        """Return the state without an object and what was going on for it."""
        return replace(
            self,
            objects=tuple(item for item in self.objects if item.id != object_id),
            planes={key: plane for key, plane in self.planes.items() if key[0] != object_id},
            current=None if self.current == object_id else self.current,
            recent=None if self.recent == object_id else self.recent,
        )


def next_number(number: int, used: Collection[int]) -> int:
    """Return this number for an object, or the lowest free one where labels cannot hold it or it
    is used; more than ``MAX_ID`` where none is free.
    """
    if number <= MAX_ID and number not in used:
        return number
    return next((free for free in range(1, MAX_ID + 1) if free not in used), MAX_ID + 1)


def bytes_of(state: State) -> int:
    """Return the bytes of answers that a state keeps alive for the plane it worked on."""
    plane = state.current_plane()
    if plane is None or plane.shown is None:
        return 0
    return sum(candidate.nbytes for candidate in plane.shown.candidates)


def settled_bytes(state: State) -> int:
    """Return the bytes of answers that a state keeps for corrections of what was accepted."""
    planes = (plane for item in state.objects for plane in item.settled.values())
    answers = {id(one): one for plane in planes for one in (plane.shown, plane.answer) if one}
    return sum(one.nbytes for answer in answers.values() for one in answer.candidates)
