"""Labels that exist already become objects, so that they can be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_samunet.session.objects import ObjectState, color_of
from napari_samunet.session.packed import PackedMask
from napari_samunet.session.state import State
from napari_samunet.types import UInt16Array


def take_over(state: State, labels_zyx: UInt16Array, names: Mapping[int, str]) -> State:
    """Return the state whose objects are exactly these labels.

    An object whose number is among them keeps name, colour and key planes; others are gone, and so
    are previews. Slices that did not change are shared with the objects before.
    """
    masks: dict[int, dict[int, PackedMask]] = {}
    for z, labels_yx in enumerate(labels_zyx):
        for number, packed in _pack_labels(labels_yx):
            masks.setdefault(number, {})[z] = packed
    known = {item.id: item for item in state.objects}
    objects = tuple(
        _object(known.get(number), number, masks[number], names, labels_zyx.shape)
        for number in sorted(masks)
    )
    next_id = max([state.next_id, *(number + 1 for number in masks)])
    return State(objects=objects, next_id=next_id)


def _object(
    known: ObjectState | None,
    number: int,
    masks: dict[int, PackedMask],
    names: Mapping[int, str],
    shape: tuple[int, ...],
) -> ObjectState:
    name = names.get(number, f"object {number}" if known is None else known.name)
    if known is None:
        z, y, x = shape
        return ObjectState(number, name, color_of(number), (z, y, x), masks)
    # Equal masks keep their identity: that is how the label image knows what to redraw.
    kept = {z: old if (old := known.masks.get(z)) == new else new for z, new in masks.items()}
    return replace(known, name=name, masks=kept)


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
