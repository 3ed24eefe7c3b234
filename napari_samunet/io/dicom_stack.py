"""DICOM planes → one even stack of slices and its affine.

Slices run along row × column; each step is taken from the positions, so a tilted gantry gives a
sheared grid and not a wrong one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_samunet.errors import ChoiceNeeded, InputError, UnsupportedImage
from napari_samunet.geometry import default_affine, flip_lps_ras, reverse_axes
from napari_samunet.io.dicom_planes import Plane
from napari_samunet.types import FloatArray

_SAME_DIRECTION = 1e-3
_SAME_PLACE_MM = 1e-2
_UNEVEN = 0.05
"""Slices may lie this share of a step off an even stack; files round positions to 0.01 mm or so."""

_TIME_WORDS = (
    "TemporalPositionIndex",
    "TemporalPositionIdentifier",
    "EchoNumbers",
    "DiffusionBValue",
    "TriggerTime",
    "AcquisitionNumber",
    "AcquisitionTime",
    "ContentTime",
)
"""What tells images of one place apart, the clearest first."""


def stack(path: Path, planes: list[Plane], frame: int | None) -> tuple[list[Plane], FloatArray]:
    """Choose and sort the planes of one volume.

    Parameters
    ----------
    path : Path
        For messages.
    planes : list of Plane
        All of a series.
    frame : int, optional
        Which time point; of images without a place, which image.

    Returns
    -------
    planes : list of Plane
        In the order of axis 0.
    affine : ndarray, shape (4, 4)
        (z, y, x, 1) → RAS+ mm.

    Raises
    ------
    ChoiceNeeded
        If there are several images of every place and ``frame`` is None.
    UnsupportedImage
        If sizes or orientations differ, or the slices lie unevenly.
    """
    _refuse_mosaic(path, planes)
    if any(p.position is None or p.directions is None for p in planes):
        return _single(path, planes, frame)
    _same(path, planes, "sizes", lambda p: (*p.shape, *(p.spacing or ())), 1e-4)
    _same(path, planes, "orientations", lambda p: p.directions.ravel(), _SAME_DIRECTION)
    volumes = _volumes(path, _by_place(planes))
    chosen = volumes[_index(path, frame, [name for name, _ in volumes])][1]
    return chosen, _affine(path, chosen)


def _refuse_mosaic(path: Path, planes: list[Plane]) -> None:
    kinds = {str(k).upper() for p in planes for k in (p.dataset.get("ImageType") or ())}
    for kind in ("MOSAIC", "VFRAME"):
        if kind in kinds:
            raise UnsupportedImage(
                f"{path} holds mosaics (many slices tiled into one picture): convert it with "
                "dcm2niix and open the .nii.gz."
            )


def _single(path: Path, planes: list[Plane], frame: int | None) -> tuple[list[Plane], FloatArray]:
    """One image of a series that states no place, such as X-ray or ultrasound."""
    planes = sorted(planes, key=lambda p: (p.number("InstanceNumber") or 0, str(p.path), p.frame))
    index = _index(path, frame, [f"{p.path.name} frame {p.frame}" for p in planes])
    plane = planes[index]
    rows, columns = plane.spacing or (1.0, 1.0)
    return [plane], default_affine((1.0, rows, columns))


def _index(path: Path, frame: int | None, names: list[str]) -> int:
    count = len(names)
    if frame is None and count > 1:
        raise ChoiceNeeded(
            f"{path} holds {count} images side by side: choose one with frame=0 to "
            f"frame={count - 1} ({names[0]} … {names[-1]}).",
            tuple(f"frame {n}: {name}" for n, name in enumerate(names)),
        )
    if frame is not None and not 0 <= frame < count:
        raise InputError(f"{path} has no frame {frame}: it holds frames 0 to {count - 1}.")
    return frame or 0


def _same(
    path: Path, planes: list[Plane], what: str, value: Callable[[Plane], object], tolerance: float
) -> None:
    first = np.asarray(value(planes[0]), dtype=float)
    for plane in planes[1:]:
        other = np.asarray(value(plane), dtype=float)
        if other.shape != first.shape or np.abs(other - first).max() > tolerance:
            raise UnsupportedImage(
                f"{path} mixes slices of different {what} in one series "
                f"({planes[0].path.name} and {plane.path.name}): open one of them alone."
            )


def _by_place(planes: list[Plane]) -> list[list[Plane]]:
    """Groups of planes of one place, sorted along row × column."""
    normal = np.cross(*planes[0].directions)
    ordered = sorted(planes, key=lambda p: (p.position @ normal, p.number("InstanceNumber") or 0))
    places: list[list[Plane]] = [[ordered[0]]]
    for plane in ordered[1:]:
        gap = np.linalg.norm(plane.position - places[-1][0].position)
        if gap < _SAME_PLACE_MM:
            places[-1].append(plane)
        else:
            places.append([plane])
    return places


def _volumes(path: Path, places: list[list[Plane]]) -> list[tuple[str, list[Plane]]]:
    """Named stacks with one plane of every place."""
    counts = {len(place) for place in places}
    if counts == {1}:
        return [("volume", [place[0] for place in places])]
    for word in _TIME_WORDS:
        stacks = _split(places, word)
        if stacks:
            return stacks
    if len(counts) > 1:
        raise UnsupportedImage(
            f"{path} has {min(counts)} to {max(counts)} images of a place, so its time points are "
            "not complete: convert it with dcm2niix or choose a complete series."
        )
    count = counts.pop()
    return [(f"image {n + 1} of {count}", [place[n] for place in places]) for n in range(count)]


def _split(places: list[list[Plane]], word: str) -> list[tuple[str, list[Plane]]]:
    """Stacks by the value of one word, empty unless every value occurs once at every place."""
    stacks: dict[float, list[Plane]] = defaultdict(list)
    for place in places:
        values = [plane.number(word) for plane in place]
        if None in values or len(set(values)) != len(values):
            return []
        for value, plane in zip(values, place, strict=True):
            stacks[value].append(plane)
    if any(len(planes) != len(places) for planes in stacks.values()):
        return []
    return [(f"{word} {value:g}", stacks[value]) for value in sorted(stacks)]


def _affine(path: Path, planes: list[Plane]) -> FloatArray:
    first = planes[0]
    rows, columns = first.spacing or (1.0, 1.0)
    affine_lps = np.eye(4)
    affine_lps[:3, 0] = first.directions[0] * columns
    affine_lps[:3, 1] = first.directions[1] * rows
    affine_lps[:3, 2] = _step(path, planes)
    affine_lps[:3, 3] = first.position
    return reverse_axes(flip_lps_ras(affine_lps))


def _step(path: Path, planes: list[Plane]) -> FloatArray:
    """From one slice to the next; of a single slice its thickness along the normal."""
    first = planes[0]
    if len(planes) == 1:
        thickness = first.number("SpacingBetweenSlices") or first.number("SliceThickness") or 1.0
        return np.cross(*first.directions) * (abs(thickness) or 1.0)
    positions = np.array([plane.position for plane in planes])
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    even = positions[0] + np.arange(len(planes))[:, None] * step
    off = np.linalg.norm(positions - even, axis=1)
    if off.max() > _UNEVEN * np.linalg.norm(step):
        gaps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
        raise UnsupportedImage(
            f"{path} has slices {gaps.min():.3f} to {gaps.max():.3f} mm apart, so one may be "
            "missing: complete the series, or resample it to even slices."
        )
    return step
