"""Labels that somebody painted by hand, with whatever tool, become masks of the objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from napari_samunet.session.objects import ObjectState, color_of
from napari_samunet.session.state import Overlap, State, next_number
from napari_samunet.types import BoolArray, SliceRef, UInt16Array


def repainted(
    state: State,
    painted: Mapping[int, UInt16Array],
    before_zyx: UInt16Array,
    overlap: Overlap = "replace",
) -> State:
    """Return the state after somebody painted into the labels; previews and prompts stay.

    A voxel that shows another number than before belongs to that object, to none where it is 0.
    Locked objects stay as they are; a number that is new makes an object.

    Parameters
    ----------
    state
        As before the painting.
    painted
        Index along axis 0 to the labels (Y, X) with what was painted.
    before_zyx
        The labels without it, (Z, Y, X).
    overlap
        What happens where another object is: "replace" takes the voxel from it, "keep" leaves it
        with that object alone, "both" with both.
    """
    for z, labels_yx in painted.items():
        changed = labels_yx != before_zyx[z]
        if changed.any():
            state = _slice_repainted(state, z, labels_yx, changed, before_zyx.shape, overlap)
    return state


def _slice_repainted(
    state: State,
    z: int,
    labels_yx: UInt16Array,
    changed: BoolArray,
    shape: tuple[int, ...],
    overlap: Overlap,
) -> State:
    ref = SliceRef(0, z)
    numbers = [item.id for item in state.objects if item.locked]
    free = changed & ~np.isin(labels_yx, numbers)
    for item in state.objects:
        if item.locked:
            free &= ~item.mask_at(ref)
        elif overlap == "keep":
            free &= ~(item.mask_at(ref) & _is_others(item, labels_yx))
    shown = set(np.unique(labels_yx[free]).tolist())
    for number in sorted(shown):
        state = _with_number(state, number, shape)
    for item in state.objects:
        if not item.locked and (z in item.masks or item.id in shown):
            taken = free & ~_is_others(item, labels_yx) if overlap == "both" else free
            mask = np.where(taken, labels_yx == item.id, item.mask_at(ref))
            state = state.with_changed(_by_hand(item, ref, mask))
    return state


def _is_others(item: ObjectState, labels_yx: UInt16Array) -> BoolArray:
    """Where the number of another object is shown, not where nothing is."""
    return (labels_yx != item.id) & (labels_yx != 0)


def _by_hand(item: ObjectState, ref: SliceRef, mask: BoolArray) -> ObjectState:
    """Return an object with what a hand made of a slice, which settles it."""
    changed = item.with_plane(ref, mask)
    if changed is item:
        return item
    doubts = tuple(other for other in item.doubts if other != ref)
    keys = (*(key for key in item.keys if key != ref), ref)
    return replace(changed, keys=keys, doubts=doubts)


def _with_number(state: State, number: int, shape: tuple[int, ...]) -> State:
    """Return the state with an object of this number, the old one where there is one."""
    if number == 0 or any(item.id == number for item in state.objects):
        return state
    z, y, x = shape
    made = ObjectState(number, f"object {number}", color_of(number), (z, y, x))
    objects = (*state.objects, made)
    following = next_number(max(state.next_id, number + 1), {item.id for item in objects})
    return replace(state, objects=objects, next_id=following)
