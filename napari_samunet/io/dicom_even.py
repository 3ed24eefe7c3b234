"""Uneven or askew DICOM slices → an even, upright grid, by linear interpolation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_samunet.errors import UnsupportedImage
from napari_samunet.io.dicom_planes import Plane, affine_of
from napari_samunet.types import AnyArray, FloatArray, UInt8Array

_SAME_PIXEL = 1e-2


def evened(
    path: Path, array_zyx: AnyArray, color: UInt8Array | None, planes: list[Plane]
) -> tuple[AnyArray, FloatArray]:
    """Interpolate slices onto planes at even distances, straight above each other.

    Parameters
    ----------
    path : Path
        For messages.
    array_zyx : ndarray, shape (Z, Y, X)
        The slices where they lie.
    color : ndarray or None
        Colours are not interpolated.
    planes : list of Plane
        One a slice, sorted along their normal, with position and directions.

    Returns
    -------
    array : ndarray, shape (Z', Y', X')
        Of the same type, rounded where that is whole numbers; as wide as all slices together, and
        the lowest value where there was none.
    affine : ndarray, shape (4, 4)
        (z, y, x, 1) → RAS+ mm.

    Raises
    ------
    UnsupportedImage
        If the image is in colour or of one slice.
    """
    if color is not None or len(planes) < 2:
        raise UnsupportedImage(f"{path} cannot be resampled: it is in colour or of one slice.")
    depths, offsets_rc = _places(planes)
    corner = np.floor(offsets_rc.min(axis=0)).astype(int)
    reach = np.ceil(offsets_rc.max(axis=0)).astype(int) - corner
    upright = _shifted(array_zyx, offsets_rc - corner, reach)
    even = np.linspace(depths[0], depths[-1], _count(depths))
    resampled = _between(upright, depths, even)
    step = (even[-1] - even[0]) / (len(even) - 1)
    affine = affine_of(planes[0], planes[0].normal * step)
    affine[:3, 3] = (affine @ (0, *corner, 1))[:3]
    return resampled, affine


def _places(planes: list[Plane]) -> tuple[FloatArray, FloatArray]:
    """Depth of every slice in mm, and its (row, column) offset in pixels."""
    first = planes[0]
    along_row, along_column = np.asarray(first.directions)
    spacing = np.array(first.spacing or (1.0, 1.0))
    moved = np.array([plane.position for plane in planes]) - first.position
    offsets = np.column_stack([moved @ along_column, moved @ along_row]) / spacing
    whole = np.rint(offsets)  # files round their positions
    offsets = np.where(np.abs(offsets - whole) < _SAME_PIXEL, whole, offsets)
    return moved @ first.normal, offsets


def _count(depths: FloatArray) -> int:
    """As many slices as the usual distance between two makes."""
    usual = float(np.quantile(np.diff(depths), 0.5, method="lower"))
    return max(2, round(float(depths[-1] - depths[0]) / usual) + 1)


def _shifted(array_zyx: AnyArray, offsets_rc: FloatArray, reach: AnyArray) -> AnyArray:
    """Put every slice at its place on a canvas that holds them all."""
    count, height, width = array_zyx.shape
    lowest = array_zyx.min()
    canvas = np.full((count, height + int(reach[0]), width + int(reach[1])), lowest)
    for target, plane, offset in zip(canvas, array_zyx, offsets_rc, strict=True):
        whole = np.rint(offset)
        if np.array_equal(offset, whole):
            top, left = whole.astype(int)
            target[top : top + height, left : left + width] = plane
            continue
        padded = np.full(target.shape, lowest)
        padded[:height, :width] = plane
        target[...] = _rounded(
            ndimage.shift(padded.astype(np.float32), offset, order=1, cval=float(lowest)), target
        )
    return canvas


def _between(array_zyx: AnyArray, depths: FloatArray, even: FloatArray) -> AnyArray:
    """Interpolate linearly between the slices below and above each depth."""
    above = np.clip(np.searchsorted(depths, even), 1, len(depths) - 1)
    share = (even - depths[above - 1]) / (depths[above] - depths[above - 1])
    result = np.empty((len(even), *array_zyx.shape[1:]), array_zyx.dtype)
    for target, upper, weight in zip(result, above, share, strict=True):
        low, high = (array_zyx[z].astype(np.float32) for z in (upper - 1, upper))
        target[...] = _rounded(low + np.float32(weight) * (high - low), target)
    return result


def _rounded(values: AnyArray, like: AnyArray) -> AnyArray:
    return np.rint(values) if like.dtype.kind in "iu" else values
