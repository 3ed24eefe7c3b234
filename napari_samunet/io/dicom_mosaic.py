"""Siemens mosaics: all slices of one time point, tiled into one picture.

How many there are and which way they go stands in Siemens' private CSA header, which nibabel reads.
Tiles run along the rows of the picture, then down; the position that the file states is that of
the picture as if it were one slice.
"""

from __future__ import annotations

import math
import warnings
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
    known = _count_and_normal(plane.dataset)
    gap = plane.number("SpacingBetweenSlices")
    if known is None or plane.position is None or plane.directions is None:
        return None
    if plane.spacing is None or not gap:
        return None
    count, normal = known
    across = math.ceil(math.sqrt(count))
    whole = np.array(plane.shape)
    if count < 1 or (whole % across).any():
        return None
    size = whole // across
    (along_row, along_column), (rows, columns) = plane.directions, plane.spacing
    missing = (whole - size) / 2  # the stated corner is that of a slice as large as the picture
    corner = plane.position + along_row * missing[1] * columns + along_column * missing[0] * rows
    return [
        replace(plane, position=corner + n * gap * normal, tile=_tile(n, across, size))
        for n in range(count)
    ]


def _tile(number: int, across: int, size: Any) -> tuple[slice, slice]:
    top, left = np.array(divmod(number, across)) * size
    return slice(top, top + size[0]), slice(left, left + size[1])


def _count_and_normal(dataset: Any) -> tuple[int, FloatArray] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nibabel calls its reader experimental
        from nibabel.nicom import csareader

        try:
            header = csareader.get_csa_header(dataset, "image")
            count = None if header is None else csareader.get_n_mosaic(header)
            normal = None if header is None else csareader.get_slice_normal(header)
        except (csareader.CSAError, KeyError, TypeError, ValueError, IndexError):
            return None
    return None if count is None or normal is None else (int(count), np.asarray(normal, float))
