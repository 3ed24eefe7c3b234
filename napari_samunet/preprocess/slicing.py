"""Planes of a volume, as stored."""

from __future__ import annotations

import numpy as np

from napari_samunet.errors import OutsideImage
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray, FloatArray, SliceRef, UInt8Array


def check_ref(shape_zyx: tuple[int, ...], ref: SliceRef) -> None:
    """Raise ``OutsideImage`` unless ``ref`` names a plane of a volume of this shape."""
    if ref.axis not in (0, 1, 2):
        raise OutsideImage(f"A volume has axes 0, 1 and 2, but axis {ref.axis} was asked for.")
    size = shape_zyx[ref.axis]
    if not 0 <= ref.index < size:
        raise OutsideImage(
            f"Axis {ref.axis} has slices 0 to {size - 1} ({size} in all), but slice {ref.index} "
            "was asked for."
        )


def take_slice(volume_zyx: AnyArray, ref: SliceRef) -> AnyArray:
    """Return one plane (H, W) of an array (Z, Y, X, …), a view.

    Axis 0 shows (Y, X), axis 1 (Z, X), axis 2 (Z, Y).

    Raises
    ------
    OutsideImage
        If axis or index lie outside the array.
    """
    check_ref(volume_zyx.shape[:3], ref)
    return np.moveaxis(volume_zyx, ref.axis, 0)[ref.index]


def take_finite(volume: Volume, ref: SliceRef) -> FloatArray:
    """Return the intensities (H, W) of one plane, where every pixel is a number.

    What is none counts as the lowest voxel of the volume, and infinity as the highest, as
    ``to_uint8`` shows them.
    """
    slice_yx = take_slice(volume.array, ref).astype(float)
    if np.isfinite(slice_yx).all():
        return slice_yx
    low, high = volume.finite_range
    return np.nan_to_num(slice_yx, nan=low, posinf=high, neginf=low)


def take_colour(volume: Volume, ref: SliceRef) -> UInt8Array | None:
    """Return the colours (H, W, 3) of one plane, or None of a grey volume."""
    return None if volume.color is None else take_slice(volume.color, ref)
