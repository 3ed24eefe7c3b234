"""What becomes of the objects of a state when they are joined, parted or filled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_samunet.errors import InputError
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.io.origin import Algorithm
from napari_samunet.packed import PackedMask
from napari_samunet.session.claims import claimed
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plane import PlaneState
from napari_samunet.session.state import Overlap, State
from napari_samunet.types import BoolArray, SliceRef

_CORNERS = np.ones((3, 3, 3), bool)


def merged(state: State, object_id: int, others: Iterable[int]) -> State:
    """Return the state in which one object has the masks and previews of others, which are gone.

    What a person settled of any of them is settled of the one.
    """
    kept = state.object(object_id)
    for number in others:
        other = state.object(number)
        state = _previews_merged(state, kept, other)
        kept = _joined(kept, other)
        state = state.without(number)
    return replace(state.with_changed(kept), current=object_id)


def _joined(kept: ObjectState, other: ObjectState) -> ObjectState:
    """Return one object with the masks of two."""
    given = kept.given | (other.given - kept.masks.keys())
    item = replace(kept.with_past_of(other), given=given)
    for z in other.masks:
        ref = SliceRef(0, z)
        item = item.with_plane(ref, kept.mask_at(ref) | other.mask_at(ref))
    # Where a person emptied the other one, the one may well go on.
    there = {ref: mask for ref in other.keys if (mask := other.mask_at(ref)).any()}
    keys = (*(ref for ref in there if ref not in kept.keys), *kept.keys)
    # Prompts that were accepted for another mask than both have together tell nothing of it.
    settled = {
        ref: _of(kept.id, other.settled[ref])
        for ref, mask in there.items()
        if ref in other.settled and np.array_equal(mask, item.mask_at(ref))
    }
    window = kept.window if kept.keys else other.window
    return replace(item, keys=keys, settled={**settled, **item.settled}, window=window)


def _of(number: int, plane: PlaneState) -> PlaneState:
    """Return a plane as that of another object."""
    prompts = tuple(replace(prompt, object_id=number) for prompt in plane.prompts)
    return replace(plane, prompts=prompts)


def _previews_merged(state: State, kept: ObjectState, other: ObjectState) -> State:
    """Return the state in which one object has in preview what another has, too.

    Where both are on a plane, the preview is both, as if painted: accepting replaces what is there.
    """
    ours, theirs = state.planes_of(kept.id), state.planes_of(other.id)
    for ref in {**ours, **theirs}:
        plane = ours.get(ref) or theirs[ref]
        mine, yours = _seen(kept, ours.get(ref), ref), _seen(other, theirs.get(ref), ref)
        if ref not in ours and not mine.any():
            state = state.with_plane((kept.id, ref), _of(kept.id, plane))
        elif (yours & ~mine).any() or ref not in ours:
            there = [planes[ref] for planes in (theirs, ours) if ref in planes]
            prompted = any(other.prompts for other in there)
            models = [model for other in there for model in other.models]
            joined = _painted(kept.id, ref, mine | yours, prompted, plane, *models[-1:])
            state = state.with_plane((kept.id, ref), joined)
    return state


def _seen(item: ObjectState, plane: PlaneState | None, ref: SliceRef) -> BoolArray:
    """Return what a person sees of an object on a plane: its preview, else what is accepted."""
    return item.mask_at(ref) if plane is None or plane.shown is None else plane.shown.mask


def _painted(
    number: int,
    ref: SliceRef,
    mask: BoolArray,
    prompted: bool,
    plane: PlaneState,
    model: Algorithm | None = None,
) -> PlaneState:
    """Return a plane that shows a mask; settled by hand only if it was ``prompted``."""
    shown = replace(painted_prediction(mask), model=model)
    painted = PlacedPrompt("mask", number, ref, packed=shown.chosen.packed)
    prompts = (painted,) if prompted else ()
    return PlaneState(prompts, shown, None, plane.window, prompted, plane.generation)


def split(state: State, object_id: int, shape: tuple[int, int, int]) -> State:
    """Return the state in which every island of an object but the largest is a new object.

    Raises
    ------
    InputError
        It is of one piece, or has no accepted mask.
    """
    item = state.object(object_id)
    islands = _islands(item)
    if not islands:
        raise InputError(f"'{item.name}' is of one piece: there is nothing to split off.")
    largest = max(islands, key=lambda masks: sum(packed.pixels for packed in masks.values()))
    state = state.with_changed(_masked(item, largest))
    others = (masks for masks in islands if masks is not largest)
    for number, masks in enumerate(others, start=2):
        made = state.next_id
        state = state.with_object(f"{item.name} {number}", shape)
        island = replace(state.object(made), models=item.models, origin=item.origin)
        state = state.with_changed(_masked(island, masks))
    return replace(state, current=object_id)


def filled(state: State, object_id: int, overlap: Overlap) -> State:
    """Return the state in which an object has no holes on any slice along axis 0; what fills them
    is claimed as in ``claims.claimed``.
    """
    item = state.object(object_id)
    holes = {}
    for z, packed in item.masks.items():
        enclosed = _enclosed(packed.crop())
        if enclosed.any():
            holes[SliceRef(0, z)] = np.zeros(packed.shape, bool)
            holes[SliceRef(0, z)][packed.place] = enclosed
    state, added = claimed(state, object_id, holes, overlap)
    full = {ref: item.mask_at(ref) | mask for ref, mask in added.items()}
    return state.with_changed(item.with_planes(full))


def _enclosed(mask: BoolArray) -> BoolArray:
    """Where a mask is not set, but encloses what is there: what no way leads to from outside.

    One pass over the pixels; ``binary_fill_holes`` takes one per step of the longest way in.
    """
    regions, _ = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return (regions[1:-1, 1:-1] != regions[0, 0]) & ~mask


def _islands(item: ObjectState) -> list[dict[int, PackedMask]]:
    """Return the masks of each piece of an object, by index along axis 0; none of a single one."""
    labels_zyx, count = ndimage.label(item.crop(), _CORNERS)
    if count < 2:
        return []
    # Where each lies: comparing the whole box once per island takes minutes for hundreds.
    places = ndimage.find_objects(labels_zyx)
    first, top, left = (part.start for part in item.place)
    islands: list[dict[int, PackedMask]] = []
    for number, (z, y, x) in enumerate(places, start=1):
        masks = {}
        for at, crop_yx in enumerate(labels_zyx[z, y, x] == number, start=first + z.start):
            packed = PackedMask.of(crop_yx)
            corner = (top + y.start + packed.corner[0], left + x.start + packed.corner[1])
            masks[at] = replace(packed, shape=item.shape[1:], corner=corner)
        islands.append(masks)
    return islands


def _masked(item: ObjectState, masks: dict[int, PackedMask]) -> ObjectState:
    """Return an object that is one island alone; what was prompted for it is of another one."""
    given = frozenset(masks)
    return replace(item.with_masks(masks), keys=(), settled={}, given=given, doubts=())
