"""What a person has settled of an object: the slices that others are found from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import numpy as np

from napari_samunet.preprocess.slicing import take_slice
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.plane import PlaneState
from napari_samunet.types import BoolArray, SliceRef

Planes = Mapping[SliceRef, PlaneState]


def settled_masks(
    item: ObjectState, planes: Planes, axis: int, given: bool = True
) -> dict[int, BoolArray]:
    """Return index to mask (H, W): slices that a person prompted or painted, accepted or not, and
    where such are asked for, those that were ``given``.

    A mask is empty where the person said that the object is not on the slice.
    """
    masks = {index: _mask_on(item, planes, axis, index) for index in _keys(item, planes, axis)}
    came = _given(item, planes, axis) - masks.keys() if given else set()
    if came:
        volume = item.mask()  # made once, not once for every plane
        masks.update({index: take_slice(volume, SliceRef(axis, index)) for index in came})
    return masks


def settled_indices(item: ObjectState, planes: Planes, axis: int) -> set[int]:
    """Return the slices that a person prompted or painted, and those that were given."""
    return _keys(item, planes, axis) | _given(item, planes, axis)


def settled_across(item: ObjectState, planes: Planes, axis: int) -> dict[SliceRef, BoolArray]:
    """Return the planes along the other axes that a person prompted or painted, and their masks."""
    return {
        SliceRef(other, index): _mask_on(item, planes, other, index)
        for other in range(3)
        if other != axis
        for index in sorted(_keys(item, planes, other))
    }


def settled_around(item: ObjectState, planes: Planes, ref: SliceRef) -> dict[int, BoolArray]:
    """Return the masks of the nearest settled slices before and after one, as far as there are."""
    places = sorted(settled_indices(item, planes, ref.axis))
    before = [index for index in reversed(places) if index < ref.index]
    after = [index for index in places if index > ref.index]
    nearest: dict[int, BoolArray] = {}
    for side in (before, after):
        masks = ((index, _mask_on(item, planes, ref.axis, index)) for index in side)
        nearest.update(islice((found for found in masks if found[1].any()), 1))
    return nearest


def _keys(item: ObjectState, planes: Planes, axis: int) -> set[int]:
    """Slices that a person prompted or painted."""
    prompted = [ref for ref, plane in planes.items() if plane.prompts and plane.shown is not None]
    return {ref.index for ref in (*item.keys, *prompted) if ref.axis == axis}


def _given(item: ObjectState, planes: Planes, axis: int) -> set[int]:
    """Slices that came as they are, and where the object is on no other settled slice along axis 0,
    all that it has; along another axis only where the whole came as it is.
    """
    if axis == 0:
        keys = _keys(item, planes, axis)
        there = set(item.given & item.masks.keys())
        if not there and not any(_mask_on(item, planes, axis, index).any() for index in keys):
            there = set(item.masks)
    else:
        there = set(item.indices_along(axis)) if _came_whole(item, axis) else set()
    return {index for index in there if SliceRef(axis, index) not in planes}


def _came_whole(item: ObjectState, axis: int) -> bool:
    """Whether all of an object came as it is, but for what a person did along this axis."""
    if not item.given:
        return False
    by_hand = {ref.index for ref in item.keys if ref.axis == 0}
    corrected = [ref.index for ref in item.keys if ref.axis == axis]
    others = item.masks.keys() - item.given - by_hand
    rest = (np.delete(item.masks[z].unpack(), corrected, axis - 1) for z in others)
    return not any(mask_yx.any() for mask_yx in rest)


def _mask_on(item: ObjectState, planes: Planes, axis: int, index: int) -> BoolArray:
    ref = SliceRef(axis, index)
    plane = planes.get(ref)
    if plane is not None and plane.prompts and plane.shown is not None:
        return plane.shown.mask
    return item.mask_at(ref)
