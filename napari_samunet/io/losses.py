"""What of the masks of a file does not get onto an image, and the words that say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_samunet.io.names import listed
from napari_samunet.io.plane_stack import Stack, segment_onto
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume
from napari_samunet.types import BoolArray, FloatArray, UInt16Array

_TOUCHING = 1e-6
"""Voxels that share no more than a side with the image, give or take rounding, lie outside."""


@dataclass(frozen=True, eq=False)
class Landed:
    """A segment of a file on the grid of a volume, and how much of it did not get there.

    Attributes
    ----------
    segment : Segment
        What lies on the volume; without a voxel where nothing does.
    drawn : int
        Voxels or pixels that the file gives it, on a grid of its own.
    outside : int
        Those of them that lie outside of the volume.
    """

    segment: Segment
    drawn: int
    outside: int


def land(segment: Segment, stack: Stack, volume: Volume) -> Landed:
    """Bring a segment (plane, row, column) of a stack onto the grid of a volume."""
    onto = segment_onto(segment, stack, volume)
    return Landed(onto, segment.voxels, outside(segment, stack, volume))


def outside(segment: Segment, stack: Stack, volume: Volume) -> int:
    """Count the voxels of a segment of a stack that lie outside of a volume with all they are."""
    if not segment.voxels:
        return 0
    planes = _beyond(segment.place, stack, volume)
    return sum(int((segment.crop[n] & beyond).sum()) for n, beyond in planes)


def outside_by_number(labels_zyx: UInt16Array, stack: Stack, volume: Volume) -> NDArray[np.int_]:
    """Count as `outside` does for every number of a label image (plane, row, column) at once."""
    depth, height, width = labels_zyx.shape
    counts = np.zeros(int(labels_zyx.max()) + 1, int)
    for n, beyond in _beyond((slice(depth), slice(height), slice(width)), stack, volume):
        counts += np.bincount(labels_zyx[n][beyond], minlength=len(counts))
    return counts


def _beyond(
    place: tuple[slice, slice, slice], stack: Stack, volume: Volume
) -> Iterator[tuple[int, BoolArray]]:
    """What of a box of a stack lies outside of a volume: numbers of planes in it, with a mask."""
    steps = np.linalg.solve(volume.affine, stack.affine)[:3]
    half = np.abs(steps[:, :3]) @ (stack.usual, 1.0, 1.0) / 2
    reach = (np.divide(volume.shape, 2) + half - _TOUCHING)[:, None, None]
    middle = np.subtract(volume.shape, 1) / 2
    rows, columns = np.mgrid[place[1:]]
    in_plane = np.multiply.outer(steps[:, 1], rows) + np.multiply.outer(steps[:, 2], columns)
    in_plane += (steps[:, 3] - middle)[:, None, None]

    def beyond(centres: FloatArray, depth: float) -> BoolArray:
        return (np.abs(centres + steps[:, :1, None] * depth) > reach).any(axis=0)

    corners = in_plane[:, [0, 0, -1, -1], [0, -1, 0, -1], None]
    for n, depth in enumerate(stack.depths[place[0]]):
        if beyond(corners, depth).any():  # else the whole plane lies between them inside
            yield n, beyond(in_plane, depth)


def note_of_resampling(file: str) -> str:
    """Say that masks do not lie on the image voxel by voxel."""
    return f"{file} lies on another grid than the image and was resampled to the nearest voxel"


def notes_of_losses(file: str, landed: Sequence[Landed]) -> list[str]:
    """Name the objects of a file that an image holds only in part, or not at all."""
    gone = [item.segment.name for item in landed if not item.segment.voxels]
    cut = [item for item in landed if item.segment.voxels and item.outside]
    notes = []
    if gone:
        notes.append(f"{file}: {listed(gone)} holds no voxel of the image")
    if cut:
        each = listed([f"{_share(item)} of {item.segment.name}" for item in cut])
        notes.append(f"{file}: {each} lies outside of the image and was left out")
    return notes


def _share(item: Landed) -> str:
    percent = 100 * item.outside // item.drawn
    return f"{percent} %" if percent else "less than 1 %"
