"""Labels that somebody painted by hand, with whatever tool, become masks of the objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from napari_samunet.packed import PackedMask
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import Overlap, State
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
    shape: tuple[int, int, int],
    overlap: Overlap,
) -> State:
    brush = PackedMask.of(changed)  # small, but a slice has many objects
    place = brush.place
    labels_yx, changed = labels_yx[place], changed[place]
    there = {item.id: item.masks[z] for item in state.objects if z in item.masks}
    met = {n: mask.unpack()[place] for n, mask in there.items() if mask.shared_pixels(brush)}
    free = changed & ~_kept(state, labels_yx, met, overlap)
    shown = set(np.unique(labels_yx[free]).tolist())
    for number in sorted(shown - {0, *(item.id for item in state.objects)}):
        state = replace(state.with_object(None, shape, number), current=state.current)
    for item in state.objects:
        if not item.locked and (item.id in met or item.id in shown):
            taken = free & ~_is_others(item, labels_yx) if overlap == "both" else free
            mask = item.mask_at(SliceRef(0, z))
            mask[place] = np.where(taken, labels_yx == item.id, mask[place])
            state = state.with_changed(_by_hand(item, SliceRef(0, z), mask))
    return state


def _kept(
    state: State, labels_yx: UInt16Array, met: Mapping[int, BoolArray], overlap: Overlap
) -> BoolArray:
    """Where paint changes nothing: what locked objects have, and all others by the rule "keep"."""
    kept = np.isin(labels_yx, [item.id for item in state.objects if item.locked])
    for item in state.objects:
        if item.id in met and item.locked:
            kept |= met[item.id]
        elif item.id in met and overlap == "keep":
            kept |= met[item.id] & _is_others(item, labels_yx)
    return kept


def _is_others(item: ObjectState, labels_yx: UInt16Array) -> BoolArray:
    """Where the number of another object is shown, not where nothing is."""
    return (labels_yx != item.id) & (labels_yx != 0)


def _by_hand(item: ObjectState, ref: SliceRef, mask: BoolArray) -> ObjectState:
    """Return an object with what a hand made of a slice, which settles it."""
    changed = item.with_plane(ref, mask)
    return item if changed is item else changed.with_key(ref)
