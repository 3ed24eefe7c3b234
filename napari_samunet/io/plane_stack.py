"""Masks on parallel planes, evenly spaced or not, onto the grid of a volume."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.geometry import world_to_index
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume
from napari_samunet.types import FloatArray, IntArray

_PLANE_MISSING = 1.5
"""Planes further apart than this share of the usual gap have others between them, left empty."""
_ROUNDING = 1e-6
"""Lest a centre halfway between two voxels is decided by rounding errors."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel planes, which need not be evenly spaced.

    Attributes
    ----------
    affine : ndarray, shape (4, 4)
        (mm of depth, row, column, 1) → RAS+ mm.
    depths : ndarray, shape (N,)
        mm, from the lowest on.
    usual : float
        mm from one plane to the next where none is missing.
    """

    affine: FloatArray
    depths: FloatArray
    usual: float

    @property
    def slabs(self) -> tuple[FloatArray, FloatArray]:
        """Depths from which and to which each plane counts: halfway to its neighbours."""
        gaps = np.diff(self.depths)
        whole = np.where(gaps <= _PLANE_MISSING * self.usual, gaps, self.usual) / 2
        reach = np.pad(whole, 1, mode="edge") if gaps.size else np.full(2, self.usual / 2)
        return self.depths - reach[:-1], self.depths + reach[1:]

    def nearest(self, depth: float) -> int:
        """Number of the plane at a depth."""
        return int(np.argmin(np.abs(self.depths - depth)))


def distinct(depths: ArrayLike, apart: float) -> FloatArray:
    """Sort depths; those less than ``apart`` from the next are one, as files round them."""
    ordered = np.sort(np.asarray(depths, dtype=float))
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > apart) + 1)
    return np.array([group.mean() for group in groups])


def segment_onto(segment: Segment, stack: Stack, volume: Volume) -> Segment:
    """Bring a segment (plane, row, column) of a stack onto the grid of a volume."""
    if not segment.voxels:
        return segment
    steps = np.linalg.solve(stack.affine, volume.affine)
    starts, ends = stack.slabs
    low, high = _box(segment, starts, ends, steps, volume)
    rows, columns = np.mgrid[low[1] : high[1], low[2] : high[2]]
    on_slice = np.multiply.outer(steps[:3, 1], rows) + np.multiply.outer(steps[:3, 2], columns)
    on_slice += steps[:3, 3, None, None] + _ROUNDING
    found = np.zeros(high - low, bool)
    for z in range(low[0], high[0]):
        depth, row, column = on_slice + steps[:3, 0, None, None] * z
        plane = np.searchsorted(starts, depth, side="right") - 1
        inside = (plane >= 0) & (depth < ends[plane])
        index = (plane, np.floor(row + 0.5).astype(int), np.floor(column + 0.5).astype(int))
        at = [n - first for n, first in zip(index, segment.corner, strict=True)]
        for n, size in zip(at, segment.crop.shape, strict=True):
            inside &= (n >= 0) & (n < size)
        found[z - low[0]][inside] = segment.crop[tuple(n[inside] for n in at)]
    made = Segment.of(segment.number, segment.name, found, segment.color, segment.algorithm)
    z, y, x = (low + made.corner).tolist()
    return replace(made, corner=(z, y, x))


def _box(
    segment: Segment, starts: FloatArray, ends: FloatArray, steps: FloatArray, volume: Volume
) -> tuple[IntArray, IntArray]:
    """Where the voxels (z, y, x) begin and end that a segment may reach; never less than one."""
    planes, rows, columns = segment.place
    sides = (
        (starts[planes.start], ends[planes.stop - 1]),
        (rows.start - 0.5, rows.stop - 0.5),
        (columns.start - 0.5, columns.stop - 0.5),
    )
    corners = world_to_index(list(product(*sides)), steps)
    low = np.clip(np.floor(corners.min(axis=0)), 0, np.subtract(volume.shape, 1)).astype(int)
    return low, np.clip(np.ceil(corners.max(axis=0)) + 1, low + 1, volume.shape).astype(int)
