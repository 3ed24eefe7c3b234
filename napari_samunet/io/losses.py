"""What of the masks of a file does not get onto an image, and the words that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_samunet.io.names import listed
from napari_samunet.io.plane_stack import Stack, segment_onto
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume
from napari_samunet.types import BoolArray, FloatArray

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


def resampled(segment: Segment, stack: Stack, volume: Volume) -> Landed:
    """Bring a segment (plane, row, column) of a stack onto the grid of a volume."""
    onto = segment_onto(segment, stack, volume)
    return Landed(onto, segment.voxels, outside(segment, stack, volume))


def outside(segment: Segment, stack: Stack, volume: Volume) -> int:
    """Count the voxels of a segment of a stack that lie outside of a volume with all they are."""
    if not segment.voxels:
        return 0
    steps = np.linalg.solve(volume.affine, stack.affine)[:3]
    half = np.abs(steps[:, :3]) @ (stack.usual, 1.0, 1.0) / 2
    reach = (np.divide(volume.shape, 2) + half - _TOUCHING)[:, None, None]
    middle = np.subtract(volume.shape, 1) / 2
    rows, columns = np.mgrid[segment.place[1:]]
    in_plane = np.multiply.outer(steps[:, 1], rows) + np.multiply.outer(steps[:, 2], columns)
    in_plane += (steps[:, 3] - middle)[:, None, None]

    def beyond(centres: FloatArray, depth: float) -> BoolArray:
        return (np.abs(centres + steps[:, :1, None] * depth) > reach).any(axis=0)

    depths = stack.depths[segment.place[0]]
    corners = in_plane[:, [0, 0, -1, -1], [0, -1, 0, -1], None]
    if not any(beyond(corners, depth).any() for depth in (depths[0], depths[-1])):
        return 0
    planes = zip(depths, segment.crop, strict=True)
    return sum(int((plane & beyond(in_plane, depth)).sum()) for depth, plane in planes)


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
