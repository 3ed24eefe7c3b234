"""DICOM planes → one stack of slices and its affine.

Slices run along row × column; each step is taken from the positions, so a tilted gantry gives a
sheared grid and not a wrong one. What is no even stack is refused, or left to `dicom_even`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_samunet.errors import UnevenSlices, UnsupportedImage
from napari_samunet.geometry import default_affine
from napari_samunet.io.choice import chosen_frame
from napari_samunet.io.dicom_files import is_localizer
from napari_samunet.io.dicom_mosaic import tiles_of
from napari_samunet.io.dicom_planes import Plane, affine_of
from napari_samunet.types import FloatArray

_SAME_DIRECTION = 1e-3
_SAME_MM = 1e-4
SAME_PLACE_MM = 1e-2
"""Images less far apart lie at one place, as files round positions."""
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
_SEVERAL = "images side by side"


@dataclass(frozen=True, eq=False)
class SortedPlanes:
    """The planes of one volume.

    Attributes
    ----------
    planes : list of Plane
        In the order of axis 0.
    affine : ndarray, shape (4, 4), or None
        (z, y, x, 1) → RAS+ mm; None where the slices lie unevenly.
    notes : tuple of str
        What was left out.
    """

    planes: list[Plane]
    affine: FloatArray | None
    notes: tuple[str, ...] = ()


def stack(path: Path, planes: list[Plane], frame: int | None, uneven: bool = False) -> SortedPlanes:
    """Choose and sort the planes of one volume.

    Parameters
    ----------
    path : Path
        For messages.
    planes : list of Plane
        All of a series.
    frame : int, optional
        Which time point, or which orientation; of images without a place, which image.
    uneven : bool
        Whether slices may lie unevenly, and places may be imaged twice.

    Raises
    ------
    ChoiceNeeded
        If there are several images of every place, or several orientations or sizes, and
        ``frame`` is None.
    UnevenSlices
        If the slices lie unevenly, or some places were imaged more often than others.
    """
    planes = _without_mosaics(path, planes)
    planes, notes = _without_localizers(planes)
    if not all(plane.is_placed for plane in planes):
        return _single(path, planes, frame)
    groups = _groups(planes)
    volumes: list[tuple[str, list[Plane]]] = []
    for group in groups:
        told = f"{_described(group)}, " if len(groups) > 1 else ""
        places = _by_place(group)
        volumes += [(f"{told}{name}", found) for name, found in _volumes(path, places, uneven)]
    names = [name for name, _ in volumes]
    chosen = volumes[chosen_frame(path, len(names), frame, _SEVERAL, names)][1]
    twice = len(planes) - len(chosen)
    if uneven and len(volumes) == 1 and twice:
        notes = (*notes, f"{twice} further images of the same places were left out")
    step = _step(path, chosen, uneven)
    return SortedPlanes(chosen, None if step is None else affine_of(chosen[0], step), notes)


def _without_mosaics(path: Path, planes: list[Plane]) -> list[Plane]:
    """Unpack mosaics where the file tells how, refuse the others."""
    kinds = {str(k).upper() for p in planes for k in (p.dataset.get("ImageType") or ())}
    if not kinds & {"MOSAIC", "VFRAME"}:
        return planes
    unpacked = [tiles_of(plane) for plane in planes]
    if any(tiles is None for tiles in unpacked):
        raise UnsupportedImage(
            f"{path} holds mosaics (many slices tiled into one picture) and does not tell where "
            "its slices lie: convert it with dcm2niix and open the .nii.gz."
        )
    return [tile for tiles in unpacked for tile in tiles or ()]


def _without_localizers(planes: list[Plane]) -> tuple[list[Plane], tuple[str, ...]]:
    """Set localizers apart that stand among the images of a series."""
    kept = [plane for plane in planes if not is_localizer(plane.dataset)]
    if not kept or len(kept) == len(planes):
        return planes, ()
    return kept, (f"{len(planes) - len(kept)} localizers were left out",)


def _groups(planes: list[Plane]) -> list[list[Plane]]:
    """Put each plane to the first ones that it is alike."""
    groups: list[list[Plane]] = []
    for plane in planes:
        group = next((group for group in groups if _is_alike(group[0], plane)), None)
        if group is None:
            groups.append([plane])
        else:
            group.append(plane)
    return groups


def _is_alike(first: Plane, second: Plane) -> bool:
    """Whether two planes have the same size, spacing and orientation."""
    if first.shape != second.shape or (first.spacing is None) != (second.spacing is None):
        return False
    spacing = np.subtract(first.spacing or 0.0, second.spacing or 0.0)
    turn = np.asarray(first.directions) - np.asarray(second.directions)
    return bool(np.abs(spacing).max() <= _SAME_MM and np.abs(turn).max() <= _SAME_DIRECTION)


def _described(planes: list[Plane]) -> str:
    """Say what tells a group from others: its view, and the size of its slices."""
    normal = np.abs(planes[0].normal)
    rows, columns = planes[0].shape
    view = ("sagittal", "coronal", "axial")[int(normal.argmax())]
    return f"{view}, {len(planes)} slices of {columns} × {rows}"  # noqa: RUF001


def _single(path: Path, planes: list[Plane], frame: int | None) -> SortedPlanes:
    """One image of a series that does not state the place of all, such as X-ray or ultrasound."""
    planes = sorted(planes, key=lambda p: (p.number("InstanceNumber") or 0, str(p.path), p.frame))
    names = [f"{p.path.name} frame {p.frame}" for p in planes]
    plane = planes[chosen_frame(path, len(names), frame, _SEVERAL, names)]
    if plane.is_placed:
        return SortedPlanes([plane], affine_of(plane, _thickness(plane)))
    rows, columns = plane.spacing or (1.0, 1.0)
    return SortedPlanes([plane], default_affine((1.0, rows, columns)))


def _by_place(planes: list[Plane]) -> list[list[Plane]]:
    """Groups of planes of one place, sorted along row × column."""
    normal = planes[0].normal
    ordered = sorted(
        planes, key=lambda p: (np.asarray(p.position) @ normal, p.number("InstanceNumber") or 0)
    )
    places: list[list[Plane]] = [[ordered[0]]]
    for plane in ordered[1:]:
        gap = np.linalg.norm(np.asarray(plane.position) - np.asarray(places[-1][0].position))
        if gap < SAME_PLACE_MM:
            places[-1].append(plane)
        else:
            places.append([plane])
    return places


def _volumes(path: Path, places: list[list[Plane]], uneven: bool) -> list[tuple[str, list[Plane]]]:
    """Named stacks with one plane of every place."""
    counts = {len(place) for place in places}
    if counts == {1}:
        return [("volume", [place[0] for place in places])]
    for word in _TIME_WORDS:
        stacks = _split(places, word)
        if stacks:
            return stacks
    if len(counts) > 1 and uneven:
        return [("volume", [place[0] for place in places])]
    if len(counts) > 1:
        raise UnevenSlices(
            f"{path} has {min(counts)} to {max(counts)} images of a place, so some are there twice "
            "or time points are not complete: choose a complete series, or take the first image "
            "of every place (resample=True, --resample)."
        )
    count = counts.pop()
    return [(f"image {n + 1} of {count}", [place[n] for place in places]) for n in range(count)]


def _split(places: list[list[Plane]], word: str) -> list[tuple[str, list[Plane]]]:
    """Stacks by the value of one word, empty unless every value occurs once at every place."""
    stacks: dict[float, list[Plane]] = defaultdict(list)
    for place in places:
        told = [plane.number(word) for plane in place]
        values = [value for value in told if value is not None]
        if len(values) < len(told) or len(set(values)) != len(values):
            return []
        for value, plane in zip(values, place, strict=True):
            stacks[value].append(plane)
    if any(len(planes) != len(places) for planes in stacks.values()):
        return []
    return [(f"{word} {value:.10g}", stacks[value]) for value in sorted(stacks)]


def _step(path: Path, planes: list[Plane], uneven: bool) -> FloatArray | None:
    """From one slice to the next; None where they lie unevenly and that is allowed."""
    if len(planes) == 1:
        return _thickness(planes[0])
    positions = np.array([plane.position for plane in planes])
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    even = positions[0] + np.arange(len(planes))[:, None] * step
    off = np.linalg.norm(positions - even, axis=1)
    if off.max() <= _UNEVEN * np.linalg.norm(step):
        return step
    if uneven:
        return None
    gaps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    raise UnevenSlices(
        f"{path} has slices {gaps.min():.3f} to {gaps.max():.3f} mm apart, so one may be "
        "missing: complete the series, or resample it to even slices (resample=True, --resample)."
    )


def _thickness(plane: Plane) -> FloatArray:
    """Through a single slice, along its normal."""
    return plane.normal * (thickness_of(plane) or 1.0)


def thickness_of(plane: Plane) -> float | None:
    """What a slice stands for along its normal, mm, or None where it does not state that."""
    if not plane.is_placed:
        return None
    stated = plane.number("SpacingBetweenSlices") or plane.number("SliceThickness")
    return abs(stated) if stated else None
