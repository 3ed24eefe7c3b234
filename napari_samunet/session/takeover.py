"""Labels that exist already become objects, so that they can be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_samunet.io.origin import UNKNOWN
from napari_samunet.io.segments import default_name
from napari_samunet.packed import PackedMask
from napari_samunet.session.colors import color_of
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import State
from napari_samunet.types import UInt16Array


def take_over(state: State, labels_zyx: UInt16Array, names: Mapping[int, str]) -> State:
    """Return the state whose objects are exactly these labels, but locked ones stay as they are.

    An object whose number is among them keeps name, colour and key planes; others are gone, and so
    are previews. Slices that did not change are shared with the objects before. What the labels say
    of locked objects, and where these are, counts for nothing.
    """
    labels_zyx = _without_locked(state, labels_zyx)
    masks: dict[int, dict[int, PackedMask]] = {}
    for z, labels_yx in enumerate(labels_zyx):
        for number, packed in _pack_labels(labels_yx):
            masks.setdefault(number, {})[z] = packed
    known = {item.id: item for item in state.objects if item.locked or item.id in masks}
    kept = [
        item if item.locked else _changed(item, masks[item.id], names) for item in known.values()
    ]
    made = [
        _new(number, masks[number], names, labels_zyx.shape)
        for number in sorted(masks.keys() - known.keys())
    ]
    used = known.keys() | masks.keys()
    return State(objects=(*kept, *made), next_id=state.following(used))


def _without_locked(state: State, labels_zyx: UInt16Array) -> UInt16Array:
    locked = [item for item in state.objects if item.locked]
    labels_zyx = labels_zyx.copy() if locked else labels_zyx
    for item in locked:
        labels_zyx[labels_zyx == item.id] = 0
        for z, packed in item.masks.items():
            labels_zyx[z][packed.place][packed.crop()] = 0
    return labels_zyx


def _new(
    number: int, masks: dict[int, PackedMask], names: Mapping[int, str], shape: tuple[int, ...]
) -> ObjectState:
    z, y, x = shape
    name = names.get(number, default_name(number))
    color, given = color_of(number), frozenset(masks)
    return ObjectState(number, name, color, (z, y, x), masks, given=given, origin=UNKNOWN)


def _changed(
    known: ObjectState, masks: dict[int, PackedMask], names: Mapping[int, str]
) -> ObjectState:
    # Equal masks keep their identity: that is how the label image knows what to redraw.
    kept = {z: old if (old := known.masks.get(z)) == new else new for z, new in masks.items()}
    same = {z for z in kept if kept[z] is known.masks.get(z)}
    settled = {
        ref: plane
        for ref, plane in known.settled.items()
        if ref.axis == 0 and (ref.index in same or ref.index not in {*kept, *known.masks})
    }
    name = names.get(known.id, known.name)
    unchanged = len(same) == len(kept) == len(known.masks)
    item = known if unchanged else known.with_masks(kept)
    return replace(item, name=name, settled=settled, given=known.given | (kept.keys() - same))


def _pack_labels(labels_yx: UInt16Array) -> list[tuple[int, PackedMask]]:
    packed = []
    height, width = labels_yx.shape
    for number, place in enumerate(ndimage.find_objects(labels_yx.astype(np.int32)), start=1):
        if place is None:
            continue
        crop = labels_yx[place] == number
        corner = (place[0].start, place[1].start)
        bits = np.packbits(crop).tobytes()
        packed.append((number, PackedMask((height, width), corner, crop.shape, bits)))
    return packed
