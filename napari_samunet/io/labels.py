"""Labels from a file, on the grid of a volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_samunet.errors import GridMismatch, InputError
from napari_samunet.geometry import grid_distance_mm
from napari_samunet.io.open import open_volume
from napari_samunet.io.regrid import same_grid
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray, UInt16Array


def read_labels(path: str | Path, volume: Volume) -> UInt16Array:
    """Read labels that lie on the grid of a volume.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD, MetaImage or a picture; anything that `open_volume` opens.
    volume : Volume
        The image that the labels belong to.

    Returns
    -------
    ndarray of uint16, shape (Z, Y, X)

    Raises
    ------
    GridMismatch
        If shape or place differ.
    InputError
        If the values are no whole numbers of 0 to 65535.
    UnreadableFile, UnsupportedImage, ChoiceNeeded
        As `open_volume` does.
    """
    found = open_volume(path)
    if found.shape != volume.shape:
        raise GridMismatch(
            f"{path} has shape {found.shape}, the image has {volume.shape}: "
            "wanted labels that were drawn on this image."
        )
    _check_place(path, found, volume)
    return whole_numbers(path, found.array)


def _check_place(path: str | Path, found: Volume, volume: Volume) -> None:
    if found.source.kind == "picture" or volume.source.kind == "picture":
        return  # a picture states no place
    if not same_grid(found.shape, found.affine, volume):
        distance = grid_distance_mm(found.affine, volume.affine, volume.shape)
        raise GridMismatch(
            f"{path} lies up to {distance:.3g} mm off the image: "
            "resample it to the image's grid, or open the image that it was drawn on."
        )


def whole_numbers(path: str | Path, array: AnyArray) -> UInt16Array:
    """Check that voxels are labels, whole numbers of 0 to 65535; ``path`` is for messages."""
    lowest, highest = array.min(), array.max()
    if not (lowest >= 0 and highest <= np.iinfo(np.uint16).max):
        raise InputError(f"{path} holds values from {lowest} to {highest}; wanted 0 to 65535.")
    labels = array.astype(np.uint16)
    if not np.array_equal(labels, array):
        raise InputError(f"{path} holds fractions; wanted whole numbers: is it an image?")
    return labels
