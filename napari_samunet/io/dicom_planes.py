"""What each DICOM slice says about itself: where it lies, how it is scaled, how it is shown.

A classic file is one plane; a multi-frame file is one plane a frame, whose words stand in
functional groups.
Standard: DICOM PS3.3, C.7.6.2 (image plane), C.7.6.16 (functional groups), C.8.5.5 (ultrasound
regions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_samunet.geometry import flip_lps_ras, reverse_axes
from napari_samunet.io.dicom_files import Series, text_of
from napari_samunet.io.dicom_values import numbers_of
from napari_samunet.io.dicom_windows import windows_of
from napari_samunet.types import FloatArray, Window

_MOST_FRAMES = 100_000
_TISSUE_IN_CM = {
    "RegionSpatialFormat": "1",
    "PhysicalUnitsXDirection": "3",
    "PhysicalUnitsYDirection": "3",
}
"""What says that a region of an ultrasound picture shows tissue in two dimensions."""


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice of a series, without its pixels.

    Attributes
    ----------
    path : Path
    dataset : pydicom.Dataset
        The file's header.
    frame : int
        Frame in the file, from 0.
    position : ndarray, shape (3,), or None
        Centre of the first pixel, LPS mm.
    directions : ndarray, shape (2, 3), or None
        Unit vectors along a row (columns count up) and along a column (rows count up), LPS.
    spacing : (float, float) or None
        mm between rows, and between columns.
    rescale : (float, float)
        Slope and intercept.
    words : tuple of datasets
        Where other values of this plane are looked up, the nearest first.
    tile : (slice, slice) or None
        Rows and columns of the picture that are this plane; None: all.
    """

    path: Path
    dataset: Any
    frame: int
    position: FloatArray | None
    directions: FloatArray | None
    spacing: tuple[float, float] | None
    rescale: tuple[float, float]
    words: tuple[Any, ...]
    tile: tuple[slice, slice] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        if self.tile is not None:
            rows, columns = self.tile
            return rows.stop - rows.start, columns.stop - columns.start
        return int(self.dataset.Rows), int(self.dataset.Columns)

    @property
    def windows(self) -> tuple[tuple[str, Window], ...]:
        """VOI windows (low, high) in rescaled units, each with the name that it has, or ""."""
        return windows_of(self.words)

    @property
    def is_placed(self) -> bool:
        """Whether it states where it lies in the patient."""
        return self.position is not None and self.directions is not None

    @property
    def normal(self) -> FloatArray:
        """Unit vector along row × column, LPS; of a plane that states directions."""
        return np.cross(*np.asarray(self.directions))

    def number(self, keyword: str) -> float | None:
        """First number of a value of this plane, or None."""
        values = numbers_of(self.words, keyword)
        return values[0] if values else None


def affine_of(plane: Plane, step_lps: FloatArray) -> FloatArray:
    """(z, row, column, 1) → RAS mm of slices that begin with a placed plane, a step apart."""
    rows, columns = plane.spacing or (1.0, 1.0)
    along_row, along_column = np.asarray(plane.directions)
    affine_lps = np.eye(4)
    affine_lps[:3, 0], affine_lps[:3, 1] = along_row * columns, along_column * rows
    affine_lps[:3, 2], affine_lps[:3, 3] = step_lps, plane.position
    return reverse_axes(flip_lps_ras(affine_lps))


def planes_of(series: Series) -> list[Plane]:
    """Every frame of every file of a series, in the order of the files."""
    return [plane for path, dataset in series.files for plane in _planes(path, dataset)]


def frame_count(dataset: Any) -> int:
    """NumberOfFrames, 1 where it is missing or malformed."""
    count = text_of(dataset, "NumberOfFrames")
    return min(int(count), _MOST_FRAMES) if count.isdigit() and int(count) > 0 else 1


def plane_of(path: Path, dataset: Any, frame: int) -> Plane:
    """One frame of a file."""
    shared = _items(dataset, "SharedFunctionalGroupsSequence")
    per_frame = _items(dataset, "PerFrameFunctionalGroupsSequence")
    own = [per_frame[frame]] if frame < len(per_frame) else []
    groups = [part for group in (*own, *shared[:1]) for part in _parts(group)]
    return _plane(path, dataset, frame, (*groups, dataset))


def _planes(path: Path, dataset: Any) -> Iterator[Plane]:
    for frame in range(frame_count(dataset)):
        yield plane_of(path, dataset, frame)


def _parts(group: Any) -> Iterator[Any]:
    """The single items of the sequences of a functional group."""
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _items(dataset: Any, keyword: str) -> list[Any]:
    return list(dataset.get(keyword) or ())


def _plane(path: Path, dataset: Any, frame: int, words: tuple[Any, ...]) -> Plane:
    position = numbers_of(words, "ImagePositionPatient", 3)
    spacing = numbers_of(words, "PixelSpacing", 2) or numbers_of(words, "ImagerPixelSpacing", 2)
    spacing = spacing or _ultrasound_spacing(dataset)
    slope = numbers_of(words, "RescaleSlope") or (1.0,)
    intercept = numbers_of(words, "RescaleIntercept") or (0.0,)
    return Plane(
        path,
        dataset,
        frame,
        None if position is None else np.array(position[:3]),
        _directions(numbers_of(words, "ImageOrientationPatient", 6)),
        None if spacing is None or min(spacing[:2]) <= 0 else (spacing[0], spacing[1]),
        (slope[0], intercept[0]) if slope[0] != 0 else (1.0, intercept[0]),
        words,
    )


def _ultrasound_spacing(dataset: Any) -> tuple[float, float] | None:
    """Millimetres between rows and columns of tissue regions in centimetres, if all agree."""
    found = set()
    for region in _items(dataset, "SequenceOfUltrasoundRegions"):
        if all(text_of(region, word) == value for word, value in _TISSUE_IN_CM.items()):
            down, across = (numbers_of((region,), f"PhysicalDelta{axis}") for axis in "YX")
            if down is not None and across is not None:
                found.add((10 * abs(down[0]), 10 * abs(across[0])))
    return found.pop() if len(found) == 1 else None


def _directions(cosines: tuple[float, ...] | None) -> FloatArray | None:
    if cosines is None:
        return None
    pair = np.array(cosines[:6]).reshape(2, 3)
    lengths = np.linalg.norm(pair, axis=1, keepdims=True)
    if (np.abs(lengths - 1) > 0.1).any() or abs(pair[0] @ pair[1]) > 0.1:
        return None
    return pair / lengths
