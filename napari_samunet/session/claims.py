"""Who gets what more than one object claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from napari_samunet.errors import InputError
from napari_samunet.session.crossing import along_axes
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import Overlap, State
from napari_samunet.types import BoolArray, SliceRef


def accepted(state: State, object_id: int, overlap: Overlap) -> State:
    """Return the state with all previews of an object in its mask, and no current object."""
    item, planes = state.object(object_id), state.planes_of(object_id)
    shown = {ref: plane.shown.mask for ref, plane in planes.items() if plane.shown is not None}
    for masks in along_axes(shown):
        state, got = claimed(state, object_id, masks, overlap)
        item = item.accepted(got, planes)
    others = {key: plane for key, plane in state.planes.items() if key[0] != object_id}
    state = replace(state, planes=others, current=None, recent=object_id)
    return state.with_changed(item)


def claimed(
    state: State, object_id: int, masks: Mapping[SliceRef, BoolArray], overlap: Overlap
) -> tuple[State, dict[SliceRef, BoolArray]]:
    """Return the state in which others gave way to what an object claims on planes along one axis,
    (H, W) bool each, and what of that it gets.

    Locked objects stay whole. ``overlap`` says who else gives way: "both" nobody, "keep" the mask,
    "replace" the other objects.
    """
    if overlap not in get_args(Overlap):
        raise InputError(f"overlap is one of {get_args(Overlap)}, but {overlap!r} came.")
    others, got = [item for item in state.objects if item.id != object_id], dict(masks)
    for other in others:
        if other.locked or overlap == "keep":
            for ref, theirs in other.masks_at(got).items():
                got[ref] = got[ref] & ~theirs
    for other in others:
        if overlap == "replace" and not other.locked:
            state = state.with_changed(_given_way(other, got))
    return state, got


def _given_way(item: ObjectState, masks: Mapping[SliceRef, BoolArray]) -> ObjectState:
    theirs = item.masks_at(masks).items()
    left = {ref: mask & ~masks[ref] for ref, mask in theirs if (mask & masks[ref]).any()}
    return item.with_planes(left)
