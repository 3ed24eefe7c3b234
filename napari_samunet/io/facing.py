"""The plane in which a volume is first seen."""

from __future__ import annotations

import numpy as np

from napari_samunet.geometry import nearest_world_axes
from napari_samunet.io.volume import Volume

_COARSE = 1.5  # times as long as the other sides of a voxel
_PLANES = ("sagittal", "coronal", "axial")
_SUPERIOR = 2
SHOWN_FIRST = frozenset("RAS")
"""What belongs at the left and at the top: the patient's right, anterior, superior."""


def facing_axis(volume: Volume) -> int:
    """Array axis across the plane that shows a volume best.

    A single slice is seen whole, a volume with one axis much coarser in its finest pixels, others
    axially, and one of which nobody knows how it lies in a patient as it is stored.
    """
    if not volume.is_placed:
        return 0
    if 1 in volume.shape:
        return volume.shape.index(1)
    first, second = np.argsort(volume.spacing)[:0:-1]
    if volume.spacing[first] >= _COARSE * volume.spacing[second]:
        return int(first)
    return nearest_world_axes(volume.affine).index(_SUPERIOR)


def plane_across(volume: Volume, axis: int) -> str:
    """What physicians call the plane across an array axis; "as stored" where nobody knows."""
    if not volume.is_placed:
        return "as stored"
    return _PLANES[nearest_world_axes(volume.affine)[axis]]
