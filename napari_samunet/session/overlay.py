"""All objects in one label image: the array that napari shows and that is exported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from napari_samunet.packed import PackedMask
from napari_samunet.session.objects import ObjectState
from napari_samunet.types import UInt16Array


class LabelImage:
    """Labels (Z, Y, X) that follow the objects, redrawn only where an object changed.

    Parameters
    ----------
    shape
        (Z, Y, X) of the volume.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._labels = np.zeros(shape, np.uint16)
        self._objects: tuple[ObjectState, ...] = ()
        self.view: UInt16Array = self._labels.view()
        self.view.flags.writeable = False

    def follow(self, objects: tuple[ObjectState, ...]) -> tuple[int, ...]:
        """Show these objects; return the changed indices along axis 0."""
        if objects is self._objects:
            return ()
        changed = changed_slices(self._objects, objects)
        for z in changed:
            _draw(self._labels[z], z, objects)
        self._objects = objects
        return changed


def overlap_voxels(first: ObjectState, second: ObjectState) -> int:
    """Count the voxels that two objects share."""
    return sum(_shared(first.masks, second.masks, first.masks.keys()))


def meets(item: ObjectState, before: ObjectState, other: ObjectState) -> bool:
    """Whether an object shares a voxel with another on the slices that it changed on."""
    return any(_shared(item.masks, other.masks, _differing(before.masks, item.masks)))


def _shared(
    ours: Mapping[int, PackedMask], theirs: Mapping[int, PackedMask], slices: Collection[int]
) -> Iterator[int]:
    """Pixels that two masks share, slice by slice."""
    return (ours[z].shared_pixels(theirs[z]) for z in slices if z in ours and z in theirs)


def _draw(labels_yx: UInt16Array, z: int, objects: Iterable[ObjectState]) -> None:
    labels_yx[:] = 0
    for item in objects:
        packed = item.masks.get(z)
        if packed is not None:
            labels_yx[packed.place][packed.crop()] = item.id


def changed_slices(
    before: tuple[ObjectState, ...], after: tuple[ObjectState, ...]
) -> tuple[int, ...]:
    """Return the indices along axis 0 where some object is not the same."""
    old, new = ({item.id: item.masks for item in objects} for objects in (before, after))
    changed: set[int] = set()
    for number in old.keys() | new.keys():
        changed |= _differing(old.get(number, {}), new.get(number, {}))
    return tuple(sorted(changed))


def _differing(before: Mapping[int, object], after: Mapping[int, object]) -> set[int]:
    """Keys whose values are not the same; unchanged masks are shared, so identity decides."""
    if before is after:
        return set()
    return {z for z in before.keys() | after.keys() if before.get(z) is not after.get(z)}
