"""Objects with masks of their own: what overlapping labels cannot hold in one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_samunet.io.origin import UNKNOWN, Algorithm, Origin
from napari_samunet.types import AnyArray, BoolArray, UInt16Array

Color = tuple[float, float, float]
_RED: Color = (1.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Segment:
    """One object on the grid of a volume, kept as the box of voxels that holds it.

    Attributes
    ----------
    number : int
        Its value in a label image, 1 or more.
    name : str
    crop : ndarray of bool, shape (z, y, x)
        The mask within its box; an object without a voxel has a box of size 0.
    corner : (int, int, int)
        Index (z, y, x) of the box's first voxel.
    color : (float, float, float) or None
        Red, green, blue, 0 to 1.
    algorithm : Algorithm or None
        The model that helped in this session; None where none did.
    origin : Origin
        How it came about otherwise, and what it is.
    """

    number: int
    name: str
    crop: BoolArray
    corner: tuple[int, int, int] = (0, 0, 0)
    color: Color | None = None
    algorithm: Algorithm | None = None
    origin: Origin = UNKNOWN

    @classmethod
    def of(
        cls,
        number: int,
        name: str,
        mask_zyx: BoolArray,
        color: Color | None = None,
        algorithm: Algorithm | None = None,
        origin: Origin = UNKNOWN,
    ) -> Segment:
        """Make a segment of a whole mask (Z, Y, X)."""
        places = ndimage.find_objects(mask_zyx.view(np.uint8))
        if not places:
            empty = np.zeros((0, 0, 0), bool)
            return cls(number, name, empty, (0, 0, 0), color, algorithm, origin)
        z, y, x = (place.start for place in places[0])
        crop = mask_zyx[places[0]].copy()
        return cls(number, name, crop, (z, y, x), color, algorithm, origin)

    @property
    def place(self) -> tuple[slice, slice, slice]:
        """Where the box lies in the volume."""
        z, y, x = (
            slice(start, start + size)
            for start, size in zip(self.corner, self.crop.shape, strict=True)
        )
        return z, y, x

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return int(self.crop.sum())

    @property
    def slices(self) -> tuple[int, ...]:
        """Indices along axis 0 where it has a pixel."""
        return tuple((np.flatnonzero(self.crop.any(axis=(1, 2))) + self.corner[0]).tolist())

    def mask(self, shape_zyx: tuple[int, int, int]) -> BoolArray:
        """The mask on the whole grid."""
        mask = np.zeros(shape_zyx, bool)
        mask[self.place] = self.crop
        return mask

    def plane(self, z: int, shape_yx: tuple[int, int]) -> BoolArray:
        """The mask (Y, X) on one slice."""
        plane = np.zeros(shape_yx, bool)
        if 0 <= z - self.corner[0] < len(self.crop):
            plane[self.place[1:]] = self.crop[z - self.corner[0]]
        return plane


class Gathered:
    """Planes of one object that come one after the other, kept as boxes until all are there."""

    def __init__(self) -> None:
        self._boxes: list[tuple[int, tuple[slice, ...], BoolArray]] = []

    def add(self, z: int, mask_yx: BoolArray) -> None:
        """Take in what belongs to the object on slice ``z``; several add up."""
        places = ndimage.find_objects(mask_yx.astype(np.uint8, copy=False))
        if places:
            self._boxes.append((z, places[0], mask_yx[places[0]].astype(bool)))

    def segment(self, number: int, name: str, color: Color | None = None) -> Segment:
        """Everything that was taken in, as one segment."""
        if not self._boxes:
            return Segment(number, name, np.zeros((0, 0, 0), bool), color=color)
        zs = [z for z, _, _ in self._boxes]
        rows, columns = (
            (
                min(place[a].start for _, place, _ in self._boxes),
                max(place[a].stop for _, place, _ in self._boxes),
            )
            for a in (0, 1)
        )
        corner = (min(zs), rows[0], columns[0])
        size = (max(zs) + 1 - corner[0], rows[1] - rows[0], columns[1] - columns[0])
        crop = np.zeros(size, bool)
        for z, (y, x), box in self._boxes:
            top, left = y.start - corner[1], x.start - corner[2]
            height, width = box.shape
            crop[z - corner[0], top : top + height, left : left + width] |= box
        return Segment(number, name, crop, corner, color)


def segments_of(
    labels_zyx: AnyArray,
    names: Mapping[int, str] | None = None,
    colors: Mapping[int, Color] | None = None,
) -> list[Segment]:
    """Take a label image (Z, Y, X) of 0 to 65535 apart by value, in order; 0 is background."""
    names, colors = names or {}, colors or {}
    found = []
    for number, place in enumerate(ndimage.find_objects(labels_zyx.astype(np.int32)), start=1):
        if place is None:
            continue
        corner = (place[0].start, place[1].start, place[2].start)
        name = names.get(number, default_name(number))
        crop = labels_zyx[place] == number
        found.append(Segment(number, name, crop, corner, colors.get(number)))
    return found


def labels_of(segments: Sequence[Segment], shape_zyx: tuple[int, int, int]) -> UInt16Array:
    """Draw segments into one label image; where they overlap, the later one shows."""
    labels = np.zeros(shape_zyx, np.uint16)
    for segment in segments:
        labels[segment.place][segment.crop] = segment.number
    return labels


def layers_of(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Sort segments into as few groups as come easily, in each of which none overlap."""
    layers: list[tuple[list[Segment], BoolArray]] = []
    for segment in segments:
        free = (layer for layer in layers if not (layer[1][segment.place] & segment.crop).any())
        layer = next(free, None)
        if layer is None:
            layer = ([], _nothing_taken(segments))
            layers.append(layer)
        group, taken = layer
        group.append(segment)
        taken[segment.place] |= segment.crop
    return [group for group, _ in layers]


def overlapping(segments: Sequence[Segment]) -> bool:
    """Whether a voxel belongs to two of the segments."""
    taken = _nothing_taken(segments)
    for segment in segments:
        taken[segment.place] |= segment.crop
    return int(taken.sum()) < sum(segment.voxels for segment in segments)


def _nothing_taken(segments: Sequence[Segment]) -> BoolArray:
    """A mask of no voxel that is large enough for all of them."""
    ends = zip(*([part.stop for part in segment.place] for segment in segments), strict=True)
    return np.zeros([max(axis) for axis in ends], bool)


def default_name(number: int) -> str:
    """What an object is called until somebody names it."""
    return f"object {number}"


def color_or_default(color: Color | None) -> Color:
    """A colour for formats that must have one."""
    return _RED if color is None else color
