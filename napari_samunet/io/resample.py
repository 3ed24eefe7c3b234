"""An image from its own grid onto that of another, for a person who asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_samunet.errors import InputError
from napari_samunet.io.originals import originals_of
from napari_samunet.io.volume import Source, Volume
from napari_samunet.types import AnyArray


def resampled(volume: Volume, target: Volume) -> Volume:
    """Interpolate a volume linearly at the voxel centres of another.

    Parameters
    ----------
    volume : Volume
        Its voxels stay as they are.
    target : Volume
        Gives shape and affine.

    Returns
    -------
    Volume
        Of the same type of numbers, rounded where they are whole; the lowest value, in colours
        black, where ``volume`` does not reach. Its source names no file, for none holds it.

    Raises
    ------
    InputError
        If the two have no place in common.
    """
    # Rounded, lest a centre on the border falls outside by an error in the last digit.
    steps = np.round(np.linalg.solve(volume.affine, target.affine), 9)
    if not _meet(volume, target, steps):
        raise InputError(
            "An image is resampled onto one that it overlaps, but these two lie apart: open images "
            "of one place in the patient."
        )
    array = _at(volume.array, steps, target.shape, volume.finite_range[0])
    color = None
    if volume.color is not None:
        channels = [_at(volume.color[..., n], steps, target.shape, 0.0) for n in range(3)]
        color = np.stack(channels, axis=-1)
    told = f" ({target.source.place})" if target.source.place is not None else ""
    place = f"the image it was interpolated onto{told}"
    source = Source(
        notes=("interpolated from another grid",),
        place=place if target.is_placed else None,
        sized=target.source.sized,
        files=(*originals_of(volume), *originals_of(target)),
    )
    return replace(volume, array=array, affine=target.affine, color=color, source=source)


def _at(voxels: AnyArray, steps: AnyArray, shape_zyx: tuple[int, ...], outside: float) -> AnyArray:
    return ndimage.affine_transform(
        voxels, steps[:3, :3], steps[:3, 3], shape_zyx, order=1, mode="constant", cval=outside
    )


def _meet(volume: Volume, target: Volume, steps: AnyArray) -> bool:
    """Whether the boxes around both overlap, along the axes of the first."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in target.shape])).reshape(3, -1)
    places = steps[:3, :3] @ corners + steps[:3, 3:]
    last = np.array(volume.shape) - 1
    return bool((places.max(axis=1) >= 0).all() and (places.min(axis=1) <= last).all())
