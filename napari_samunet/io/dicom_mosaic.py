"""Mosaics of Siemens and United Imaging: all slices of a time point, tiled into one picture.

Tiles run along the rows of the picture, then down. Of Siemens, how many there are and which way
they go stands in the private CSA header, which nibabel reads; the position that the file states is
that of the picture as if it were one slice. United Imaging lists the position of every slice.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from napari_samunet.io.dicom_planes import Plane
from napari_samunet.types import FloatArray


def tiles_of(plane: Plane) -> list[Plane] | None:
    """Slices of a mosaic, each with its own place.

    Parameters
    ----------
    plane : Plane
        The whole picture.

    Returns
    -------
    list of Plane or None
        None where the private header, or what the geometry needs beside it, is missing.
    """
    if plane.directions is None or plane.spacing is None:
        return None
    corners = _united_imaging(plane.dataset)
    # Siemens pads to a square of tiles; United Imaging leaves empty rows out.
    size = _tile_size(plane, len(corners), padded=False) if corners else None
    if not corners:
        count, normal = _count_and_normal(plane.dataset) or (0, None)
        size = _tile_size(plane, count, padded=True)
        corners = [] if size is None else _siemens(plane, count, normal, size)
    if size is None or not corners:
        return None
    return [
        replace(plane, position=corner, tile=_tile(n, plane.shape[1] // int(size[1]), size))
        for n, corner in enumerate(corners)
    ]


def _united_imaging(dataset: Any) -> list[FloatArray]:
    """Corner of each slice, LPS mm, from the list of frames in the private header."""
    try:
        frames = dataset.private_block(0x65, "Image Private Header")[0x51].value
        return [np.array([float(mm) for mm in item.ImagePositionPatient]) for item in frames]
    except (KeyError, AttributeError, TypeError, ValueError):
        return []


def _siemens(plane: Plane, count: int, normal: Any, size: Any) -> list[FloatArray]:
    """Corner of each slice, LPS mm, from that of a slice as large as the whole picture."""
    gap = plane.number("SpacingBetweenSlices")
    if plane.position is None or not gap:
        return []
    (along_row, along_column), spacing = np.asarray(plane.directions), plane.spacing or (1.0, 1.0)
    down, right = (plane.shape - size) / 2 * spacing
    corner = plane.position + along_row * right + along_column * down
    return [corner + n * gap * normal for n in range(count)]


def _tile_size(plane: Plane, count: int, padded: bool) -> Any:
    """Rows and columns of a tile, None where the picture cannot be tiled by so many slices."""
    across = math.ceil(math.sqrt(count))
    tiles = np.array((across if padded else math.ceil(count / max(across, 1)), across))
    if count < 1 or (plane.shape % tiles).any():
        return None
    return plane.shape // tiles


def _tile(number: int, across: int, size: Any) -> tuple[slice, slice]:
    top, left = np.array(divmod(number, across)) * size
    return slice(top, top + size[0]), slice(left, left + size[1])


def _count_and_normal(dataset: Any) -> tuple[int, FloatArray] | None:
    from nibabel.nicom import csareader

    try:
        header = csareader.get_csa_header(dataset, "image")
        count = None if header is None else csareader.get_n_mosaic(header)
        normal = None if header is None else csareader.get_slice_normal(header)
    except (csareader.CSAError, KeyError, TypeError, ValueError, IndexError):
        return None
    return None if count is None or normal is None else (int(count), np.asarray(normal, float))
