"""Second copies of an image among the files of a DICOM series."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from hashlib import sha256
from math import dist

import pydicom

from napari_samunet.io.dicom_behind import reference_to
from napari_samunet.io.dicom_files import Series, transfer_syntax_of
from napari_samunet.io.dicom_pixels import read_pixels
from napari_samunet.io.dicom_planes import Plane, frame_count, plane_of
from napari_samunet.io.dicom_stack import SAME_PLACE_MM

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

Place = list[float] | None
"""LPS mm; None where a file states none."""


def without_copies(series: Series) -> Series:
    """Leave out files that hold an image once again, whatever else their headers state.

    A UID does not tell that alone, as careless anonymisers give all images the same: a copy lies
    at the same place, too, and has the same pixels.

    Parameters
    ----------
    series : Series

    Returns
    -------
    Series
        With the first file of every image, in the same order.
    """
    stored, decoded = cache(_stored), cache(_decoded)  # every file is read once at most

    def same_pixels(plane: Plane, other: Plane) -> bool:
        syntaxes = {transfer_syntax_of(each.dataset) for each in (plane, other)}
        pixels = stored if len(syntaxes) == 1 else decoded
        return pixels(plane) is not None and pixels(plane) == pixels(other)

    files, kept = [], defaultdict[str, list[tuple[Place, Plane]]](list)
    for path, dataset in series.files:
        plane = plane_of(path, dataset, 0)
        uid = reference_to(plane).ReferencedSOPInstanceUID
        place = None if plane.position is None else plane.position.tolist()
        there = (other for where, other in kept[uid] if not _lie_apart(place, where))
        if uid and any(same_pixels(plane, other) for other in there):
            continue
        kept[uid].append((place, plane))
        files.append((path, dataset))
    return replace(series, files=files)


def _lie_apart(place: Place, other: Place) -> bool:
    """Whether two places are known to differ."""
    return place is not None and other is not None and dist(place, other) >= SAME_PLACE_MM


def _stored(plane: Plane) -> bytes | None:
    """Digest of the pixels of a file as they stand in it; None where they cannot be read."""
    try:
        dataset = pydicom.dcmread(plane.path, force=True)
        return next(sha256(dataset[word].value).digest() for word in _PIXELS if word in dataset)
    except Exception:  # pydicom raises nearly anything; who opens the image is told of it
        return None


def _decoded(plane: Plane) -> bytes | None:
    """Digest of the values that a file's pixels mean; None where they cannot be read."""
    frames = range(frame_count(plane.dataset))
    try:
        values, _ = read_pixels([plane_of(plane.path, plane.dataset, frame) for frame in frames])
    except Exception:
        return None
    return sha256(values.tobytes()).digest()
