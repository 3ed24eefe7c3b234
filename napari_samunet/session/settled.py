"""What a person has settled of an object: the slices that others are found from."""

from __future__ import annotations

from collections.abc import Mapping

from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import PlaneState
from napari_samunet.types import BoolArray, SliceRef

Planes = Mapping[SliceRef, PlaneState]


def settled_masks(item: ObjectState, planes: Planes, axis: int) -> dict[int, BoolArray]:
    """Return index to mask (H, W): slices that a person prompted or painted, accepted or not, and
    where the object is on none of them, every slice that it has.

    A mask is empty where the person said that the object is not on the slice.
    """
    return {index: _mask_on(item, planes, axis, index) for index in _places(item, planes, axis)}


def settled_around(item: ObjectState, planes: Planes, ref: SliceRef) -> dict[int, BoolArray]:
    """Return the masks of the nearest settled slices before and after one, as far as there are."""
    places = sorted(_places(item, planes, ref.axis))
    before = [index for index in reversed(places) if index < ref.index]
    after = [index for index in places if index > ref.index]
    nearest: dict[int, BoolArray] = {}
    for side in (before, after):
        masks = ((index, _mask_on(item, planes, ref.axis, index)) for index in side)
        nearest.update([found for found in masks if found[1].any()][:1])
    return nearest


def _places(item: ObjectState, planes: Planes, axis: int) -> set[int]:
    prompted = [ref for ref, plane in planes.items() if plane.prompts and plane.shown is not None]
    keys = {ref.index for ref in (*item.keys, *prompted) if ref.axis == axis}
    if axis or any(_mask_on(item, planes, axis, index).any() for index in keys):
        return keys
    return keys | {z for z in item.masks if SliceRef(0, z) not in planes}


def _mask_on(item: ObjectState, planes: Planes, axis: int, index: int) -> BoolArray:
    ref = SliceRef(axis, index)
    plane = planes.get(ref)
    if plane is not None and plane.prompts and plane.shown is not None:
        return plane.shown.mask
    return item.mask_at(ref)
