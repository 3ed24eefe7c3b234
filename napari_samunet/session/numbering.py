"""Which objects get what a file brings: masks and names that have numbers already.

A number that nothing has is kept, also one of an object that was deleted: it is what the person and
other programs know the object by. Masks and names of one number find each other, whichever came
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from napari_samunet.errors import InputError
from napari_samunet.io.names import listed
from napari_samunet.io.segments import Segment, default_name
from napari_samunet.packed import PackedMask
from napari_samunet.session.colors import color_of
from napari_samunet.session.labelset import LabelName
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import MAX_ID, State, next_number
from napari_samunet.types import SliceRef

Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Entered:
    """A state with what a file brought.

    Attributes
    ----------
    state
        The first of what came is its current object.
    numbers
        Those of the objects that got it, in the order of the file.
    notes
        What a person should know, one plain line each.
    """

    state: State
    numbers: tuple[int, ...]
    notes: tuple[str, ...]


def with_segments(state: State, segments: Sequence[Segment], shape: Shape) -> Entered:
    """Return the state with masks more: in an empty object of that name, or of that number where
    only one of both has a name, else in a new object.

    What belongs to locked objects stays theirs alone: the new ones are without these voxels.

    Raises
    ------
    InputError
        More objects than labels can hold.
    """
    homes = _homes(state, segments)
    numbers = _numbers(state, [segment.number for segment in segments], homes)
    locked = [item for item in state.objects if item.locked]
    made = [
        _object(segment, number, shape, locked, homes.get(at))
        for at, (segment, number) in enumerate(zip(segments, numbers, strict=True))
    ]
    taken = {item.id for item in homes.values()}
    others = (item for item in state.objects if item.id not in taken)
    # In the order of the file, which tells what shows where they overlap.
    objects = (*others, *made)
    named = [
        number
        for at, number in enumerate(numbers)
        if at in homes and _is_nameless(segments[at]) and not _is_default(homes[at])
    ]
    state = replace(state, objects=objects, next_id=state.following({item.id for item in objects}))
    return _entered(state, [segment.number for segment in segments], numbers, named)


def with_names(state: State, names: Sequence[LabelName], shape: Shape) -> Entered:
    """Return the state with names more: for the object of that number that nobody named, where it
    is empty or came from a file, else for a new object.

    Raises
    ------
    InputError
        More objects than labels can hold.
    """
    came = (item for item in state.objects if item.origin is not None)
    nameless = {item.id: item for item in (*_empty(state), *came) if _is_default(item)}
    homes = {
        at: nameless.pop(name.number)
        for at, name in enumerate(names)
        if name.number is not None and name.number in nameless
    }
    numbers = _numbers(state, [name.number for name in names], homes)
    for at, (name, number) in enumerate(zip(names, numbers, strict=True)):
        if at not in homes:
            state = state.with_object(name.name, shape, number)
        item = state.object(number)
        state = state.with_changed(replace(item, name=name.name, color=name.color or item.color))
    named = [number for at, number in enumerate(numbers) if at in homes]
    return _entered(state, [name.number for name in names], numbers, named)


def is_free(state: State, number: int) -> bool:
    """Whether an object is empty, and nobody named, locked or began to draw it."""
    return any(item.id == number and _is_default(item) for item in _empty(state))


def _homes(state: State, segments: Sequence[Segment]) -> dict[int, ObjectState]:
    """Return the empty objects that masks go into, by the place of the mask in the file."""
    empty = _empty(state)
    homes: dict[int, ObjectState] = {}
    for is_home in (_is_same, _is_namesake, _is_of_number):
        for at, segment in enumerate(segments):
            found = (item for item in empty if is_home(segment, item))
            if at not in homes and (item := next(found, None)):
                homes[at] = item
                empty.remove(item)
    return homes


def _empty(state: State) -> list[ObjectState]:
    """Return the objects that nobody began to draw."""
    begun = {number for number, _ in state.planes}
    there = (item for item in state.objects if not (item.masks or item.keys or item.locked))
    return [item for item in there if item.id not in begun]


def _is_same(segment: Segment, item: ObjectState) -> bool:
    return segment.number == item.id and segment.name == item.name


def _is_namesake(segment: Segment, item: ObjectState) -> bool:
    return segment.name == item.name


def _is_of_number(segment: Segment, item: ObjectState) -> bool:
    return segment.number == item.id and (_is_nameless(segment) or _is_default(item))


def _numbers(
    state: State, wanted: Sequence[int | None], homes: Mapping[int, ObjectState]
) -> list[int]:
    """Return the number of each home, of others the wanted one where it is free, else the next."""
    used = {item.id for item in state.objects}
    asked = used | {number for number in wanted if number and 0 < number <= MAX_ID}
    following = state.following(asked)
    numbers = []
    for at, own in enumerate(wanted):
        if at in homes:
            number = homes[at].id
        elif own in asked and own not in used:
            number = own
        else:
            number = following
            asked.add(number)
            following = next_number(number + 1, asked)
        if number > MAX_ID:
            raise InputError(f"Labels hold at most {MAX_ID} objects, and these would be more.")
        used.add(number)
        numbers.append(number)
    return numbers


def _entered(
    state: State, wanted: Sequence[int | None], numbers: Sequence[int], named: Sequence[int]
) -> Entered:
    pairs = zip(wanted, numbers, strict=True)
    moved = [f"{own} → {number}" for own, number in pairs if own not in (None, number)]
    found = [f"{number} {state.object(number).name}" for number in named]
    notes = []
    if moved:
        notes.append(f"Numbers changed: {listed(moved)}")
    if found:
        notes.append(f"Named by number: {listed(found)}")
    current = numbers[0] if numbers else state.current
    return Entered(replace(state, current=current, ref=None), tuple(numbers), tuple(notes))


def _object(
    segment: Segment,
    number: int,
    shape: Shape,
    locked: Sequence[ObjectState],
    home: ObjectState | None,
) -> ObjectState:
    masks = {}
    for z in segment.slices:
        mask = segment.plane(z, shape[1:])
        for other in locked:
            mask &= ~other.mask_at(SliceRef(0, z))
        packed = PackedMask.of(mask)
        if not packed.is_empty:
            masks[z] = packed
    color, name = color_of(number), default_name(number)
    if home is not None:
        color, name = home.color, home.name
    if segment.color is not None and any(segment.color):
        color = segment.color
    if not _is_nameless(segment):
        name = segment.name
    given, origin = frozenset(masks), segment.origin if masks else None
    return ObjectState(number, name, color, shape, masks, given=given, origin=origin)


def _is_nameless(segment: Segment) -> bool:
    return segment.name == default_name(segment.number)


def _is_default(item: ObjectState) -> bool:
    return item.name == default_name(item.id)
