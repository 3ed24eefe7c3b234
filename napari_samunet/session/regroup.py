"""What becomes of the objects of a state when they are joined, parted, filled or met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_samunet.errors import InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import State
from napari_samunet.types import BoolArray, SliceRef

_CORNERS = np.ones((3, 3, 3), bool)


def merged(state: State, object_id: int, given: Iterable[int]) -> State:
    """Return the state in which one object has the masks of others, which are gone."""
    kept = state.object(object_id)
    for number in given:
        other = state.object(number)
        for z in other.masks:
            ref = SliceRef(0, z)
            kept = kept.with_plane(ref, kept.mask_at(ref) | other.mask_at(ref))
        state = state.without(number)
    return replace(state.with_changed(kept), current=object_id)


def split(state: State, object_id: int, shape: tuple[int, int, int]) -> State:
    """Return the state in which every island of an object but the largest is a new object.

    Raises
    ------
    InputError
        It is of one piece, or has no accepted mask.
    """
    item = state.object(object_id)
    islands, count = ndimage.label(item.mask(), _CORNERS)
    if count < 2:
        raise InputError(f"'{item.name}' is of one piece: there is nothing to split off.")
    sizes = np.bincount(islands.ravel())
    sizes[0] = 0
    largest = int(sizes.argmax())
    state = state.with_changed(_masked(item, islands == largest))
    for number, turn in enumerate((n for n in range(1, count + 1) if n != largest), start=2):
        made = state.next_id
        state = state.with_object(f"{item.name} {number}", shape)
        state = state.with_changed(_masked(state.object(made), islands == turn))
    return replace(state, current=object_id)


def filled(state: State, object_id: int, overlap: str) -> State:
    """Return the state in which an object has no holes on any slice along axis 0."""
    item = state.object(object_id)
    for z in tuple(item.masks):
        ref = SliceRef(0, z)
        mask = ndimage.binary_fill_holes(item.mask_at(ref))
        item = item.with_plane(ref, mask & ~blocked(state, object_id, ref, overlap))
    return state.with_changed(item)


def accepted(state: State, object_id: int, overlap: str) -> State:
    """Return the state with all previews of an object in its mask, and no current object.

    Locked objects stay whole. ``overlap`` says who else gives way: "both" nobody, "keep" the new
    mask, "replace" the other objects.
    """
    item = state.object(object_id)
    for ref, plane in state.planes_of(object_id).items():
        if plane.shown is None:
            continue
        mask = plane.shown.mask & ~blocked(state, object_id, ref, overlap)
        item = item.with_plane(ref, mask).settle(ref, plane)
        if overlap == "replace":
            state = _given_way(state, object_id, ref, mask)
    others = {key: plane for key, plane in state.planes.items() if key[0] != object_id}
    state = replace(state, planes=others, current=None, recent=object_id)
    return state.with_changed(item)


def blocked(state: State, object_id: int, ref: SliceRef, overlap: str) -> BoolArray:
    """Return where on a plane an object may not be, (H, W) bool."""
    taken = np.zeros(plane_shape(state.object(object_id).shape, ref.axis), bool)
    for other in state.objects:
        if other.id != object_id and (other.locked or overlap == "keep"):
            taken |= other.mask_at(ref)
    return taken


def _given_way(state: State, object_id: int, ref: SliceRef, mask: BoolArray) -> State:
    for other in state.objects:
        if other.id == object_id or other.locked:
            continue
        theirs = other.mask_at(ref)
        if (theirs & mask).any():
            state = state.with_changed(other.with_plane(ref, theirs & ~mask))
    return state


def _masked(item: ObjectState, mask_zyx: BoolArray) -> ObjectState:
    """Return an object with this mask and no other; what was prompted for it is of another one."""
    item = replace(item, masks={}, keys=(), settled={}, doubts=())
    for z in np.flatnonzero(mask_zyx.any(axis=(1, 2))).tolist():
        item = item.with_plane(SliceRef(0, z), mask_zyx[z])
    return item
