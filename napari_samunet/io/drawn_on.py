"""Whether a DICOM SEG or RTSTRUCT was drawn on the slices of an open image, or on thicker ones.

Where it was, a slice without a mask was left out by whoever drew; where not, it lies between two
slices that have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_planes import frame_count, plane_of
from napari_samunet.io.volume import Volume
from napari_samunet.types import FloatArray

_COARSER = 1.5
"""Planes that are so many slices of the image apart were drawn on thicker slices."""
_ALIKE = 1.1
"""Gaps between planes that differ by less than this factor are one, as files round them."""
_OFF_MULTIPLE = 0.1
"""A gap is a multiple of another one within this share of that one."""
_WAYS_TO_IMAGES = (
    "ReferencedSeriesSequence",
    "ReferencedInstanceSequence",
    "ReferencedFrameOfReferenceSequence",
    "RTReferencedStudySequence",
    "RTReferencedSeriesSequence",
    "ContourImageSequence",
    "ROIContourSequence",
    "ContourSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "DerivationImageSequence",
    "SourceImageSequence",
)


def on_other_slices(dataset: Any, step: float, volume: Volume) -> bool:
    """Whether an object whose planes fall onto slices of a volume was drawn on other ones.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The object.
    step : float
        From one of its planes to the next, in slices of the volume; 0 where nobody knows.
    volume : Volume
    """
    if _is_resampled(volume):
        return True
    return step > _COARSER and not _on_its_slices(dataset, volume)


def maybe_thicker(dataset: Any, gaps: FloatArray, volume: Volume) -> bool:
    """Whether nobody knows how thick planes are that fall onto slices of a volume.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The object.
    gaps : ndarray
        From one of its planes to the next, in slices of the volume.
    volume : Volume
    """
    if usual_gap(gaps) is not None or gaps.min(initial=np.inf) <= _COARSER:
        return False
    return not _on_its_slices(dataset, volume)


def usual_gap(gaps: FloatArray) -> float | None:
    """Gap between neighbouring slices of which some were drawn on; None where nobody knows.

    It is known where the least gap between the planes comes again, or where all others are
    multiples of it, as the planes of a file lie on the slices of one image. Of a single gap nobody
    knows whether slices were left out in it.
    """
    if gaps.size < 2:
        return None
    times = gaps / gaps.min()
    if np.count_nonzero(times < _ALIKE) > 1:
        return float(np.median(gaps))  # slices may lie unevenly
    is_multiple = np.abs(times - np.rint(times)) < _OFF_MULTIPLE
    return float(gaps.min()) if is_multiple.all() else None


def places_behind(dataset: Any, volume: Volume) -> FloatArray:
    """Where the slices lie that a resampled volume was made of, if the object refers to them.

    Returns
    -------
    ndarray, shape (N, 3)
        Centre of the first pixel of each, RAS mm; none where this is not known.
    """
    places: list[FloatArray] = []
    if _is_resampled(volume) and _refers_to(dataset, volume):
        for header in volume.source.header:
            planes = (plane_of(Path(), header, frame) for frame in range(frame_count(header)))
            places += [plane.position for plane in planes if plane.position is not None]
    return np.reshape(places, (-1, 3)) * (-1, -1, 1)


def _is_resampled(volume: Volume) -> bool:
    source = volume.source
    asked = source.opened is not None and bool(source.opened.get("resample"))
    return source.kind == "dicom" and not source.slices and asked


def _on_its_slices(dataset: Any, volume: Volume) -> bool:
    return volume.shape[0] == 1 or _refers_to(dataset, volume)


def _refers_to(dataset: Any, volume: Volume) -> bool:
    if volume.source.kind != "dicom":
        return False
    images = {text_of(header, "SOPInstanceUID") for header in volume.source.header} - {""}
    return any(uid in images for uid in _referred(dataset))


def _referred(dataset: Any) -> Iterator[str]:
    yield text_of(dataset, "ReferencedSOPInstanceUID")
    for word in _WAYS_TO_IMAGES:
        for item in dataset.get(word) or ():
            yield from _referred(item)
