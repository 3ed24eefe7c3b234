"""Masks from one grid onto another, voxel by voxel to the nearest."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.geometry import grid_distance_mm
from napari_samunet.io.nifti_place import mm_in_unit
from napari_samunet.io.volume import Volume
from napari_samunet.types import FloatArray, UInt16Array

_OFF_GRID = 0.05
"""Corners may lie this share of the smallest spacing apart: formats round to float32 or text."""


def same_grid(shape_zyx: tuple[int, ...], affine: FloatArray, volume: Volume) -> bool:
    """Whether a grid is that of a volume.

    Or has the numbers of its file, as masks do whose writer left out that these are micrometres.
    """
    if tuple(shape_zyx) != volume.shape:
        return False
    source = volume.source
    unit = mm_in_unit(source.header) if source.kind == "nifti" else 1.0
    placed = (affine, np.diag([unit, unit, unit, 1.0]) @ affine)
    distance = min(grid_distance_mm(one, volume.affine, volume.shape) for one in placed)
    return distance <= _OFF_GRID * float(volume.spacing.min())


def onto(labels_zyx: UInt16Array, affine: FloatArray, volume: Volume) -> UInt16Array:
    """Look up the nearest label for every voxel centre of a volume; outside there is 0.

    Parameters
    ----------
    labels_zyx : ndarray of uint16, shape (z, y, x)
        On a grid of its own.
    affine : ndarray, shape (4, 4)
        Of that grid: (z, y, x, 1) → RAS+ mm.
    volume : Volume
    """
    steps = np.linalg.solve(affine, volume.affine)
    whole = np.rint(steps)
    if np.abs(steps - whole).max() < 1e-6:
        steps = whole  # lest a centre between two voxels is decided by rounding errors
    return ndimage.affine_transform(
        labels_zyx,
        steps[:3, :3],
        steps[:3, 3],
        volume.shape,
        order=0,
        mode="grid-constant",
        prefilter=False,
    )
