"""DICOM RT Structure Set → segments on the grid of a volume, filled by pixel centres.

Contours of one structure in one plane cancel where they lie inside each other, so that holes stay
holes, whether they were written as keyholes or as contours of their own.
Standard: DICOM PS3.3 C.8.8.6.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from napari_samunet.errors import UnsupportedImage
from napari_samunet.geometry import index_to_world, world_to_index
from napari_samunet.io.contours import fill, pixel_count
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.drawn_on import maybe_thicker, on_other_slices, places_behind, usual_gap
from napari_samunet.io.losses import Landed, land, notes_of_losses
from napari_samunet.io.names import listed
from napari_samunet.io.plane_stack import Stack, distinct
from napari_samunet.io.segments import Color, Gathered, Segment
from napari_samunet.io.volume import Volume
from napari_samunet.types import FloatArray

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
_ON_SLICE = 0.1
"""A contour lies on a slice when it is this share of a step off; files round to 0.01 mm or so."""
_TO_RAS = np.array([-1.0, -1.0, 1.0])

Contours = list[FloatArray]
"""Vertices (N, 3): RAS mm, or (z, row, column) on a grid."""


def read_rtstruct(path: Path, dataset: Any, volume: Volume) -> tuple[list[Segment], list[str]]:
    """Read a structure set.

    Parameters
    ----------
    path : Path
        For messages.
    dataset : pydicom.Dataset
        The whole file.
    volume : Volume
        What the segments are to lie on.

    Returns
    -------
    segments : list of Segment
        In the order of the file; those without a pixel are left out.
    notes : list of str
        What a person should know: which structures were left out, wholly or in part, were drawn on
        other slices, or may have been.

    Raises
    ------
    UnsupportedImage
        If there is no closed contour in the file.
    """
    drawn, notes = _drawn(path, dataset, _names(dataset))
    if not drawn:
        raise UnsupportedImage(f"{path} holds no closed contour: is it the right structure set?")
    everything = [contour for structure in drawn for contour in structure.contours]
    gaps = _gaps(everything, volume)
    step = 0.0 if usual_gap(gaps) is None else float(gaps.min())
    elsewhere = on_other_slices(dataset, step, volume)
    everything += [place[None] for place in places_behind(dataset, volume)]
    landed, moved, exact = [], [], []
    for structure in drawn:
        there = None if elsewhere else _filled(structure, volume)
        if there is None:
            there, taken = _resampled(structure, everything, volume)
            moved.append(f"{structure.name} ({taken})")
        elif there.segment.voxels:
            exact.append(there.segment)
        landed.append(there)
    if moved:
        notes.append(
            f"{path.name}: {listed(moved)} was drawn on other slices than those of the "
            "image and was resampled to the nearest voxel"
        )
    if exact and maybe_thicker(dataset, gaps, volume):
        notes.append(_note_of_thickness(path, exact))
    notes += notes_of_losses(path.name, landed)
    return [item.segment for item in landed if item.segment.voxels], notes


@dataclass(frozen=True, eq=False)
class _Structure:
    """A structure of the file that has contours."""

    number: int
    name: str
    color: Color | None
    contours: Contours


def _names(dataset: Any) -> dict[int, str]:
    rois = dataset.get("StructureSetROISequence") or ()
    return {int(roi.ROINumber): text_of(roi, "ROIName") for roi in rois}


def _drawn(path: Path, dataset: Any, names: dict[int, str]) -> tuple[list[_Structure], list[str]]:
    """The structures with a closed contour, and notes of the contours that were left out."""
    found: dict[int, _Structure] = {}
    left_out: dict[str, Counter[str]] = defaultdict(Counter)
    for item in dataset.get("ROIContourSequence") or ():
        number = int(item.ReferencedROINumber)
        name = names.get(number) or f"structure {number}"
        contours = []
        for contour in item.get("ContourSequence") or ():
            unusable = _unusable(contour)
            if unusable:
                left_out[unusable][name] += 1
            else:
                points = np.array(contour.ContourData, dtype=float)
                contours.append(points.reshape(-1, 3) * _TO_RAS)
        if contours:
            found[number] = _Structure(number, name, _color(item), contours)
    notes = [
        f"{path.name}: {of.total()} {what} were left out, of {listed(list(of))}"
        for what, of in left_out.items()
    ]
    return list(found.values()), notes


def _unusable(contour: Any) -> str:
    """What a contour is that cannot be filled, else empty."""
    if text_of(contour, "ContourGeometricType") not in _CLOSED:
        return "points or open lines, which enclose nothing,"
    points = list(contour.get("ContourData") or ())
    return "" if points and len(points) % 3 == 0 else "contours without whole points"


def _color(item: Any) -> Color | None:
    rgb = item.get("ROIDisplayColor")
    if rgb is None or len(rgb) != 3:
        return None
    red, green, blue = (int(part) / 255 for part in rgb)
    return red, green, blue


def _gaps(contours: Contours, volume: Volume) -> FloatArray:
    """From one plane of a file to the next, in slices of the volume."""
    depths = [world_to_index(contour, volume.affine)[:, 0].mean() for contour in contours]
    return np.diff(distinct(depths, 2 * _ON_SLICE))


def _note_of_thickness(path: Path, segments: list[Segment]) -> str:
    each = listed([f"{segment.name} ({_single_slices(segment)})" for segment in segments])
    return (
        f"{path.name} does not tell how thick its slices were: {each} may be too thin on this "
        "image; look at the slices beside"
    )


def _single_slices(segment: Segment) -> str:
    count = len(segment.slices)
    return f"{_planes(count)} taken as {'single slices' if count > 1 else 'a single slice'}"


def _planes(count: int) -> str:
    return f"{count} plane{'s' if count > 1 else ''}"


def _filled(structure: _Structure, volume: Volume) -> Landed | None:
    """A structure on the volume's grid; None where its contours do not lie on the slices."""
    placed = [world_to_index(contour, volume.affine) for contour in structure.contours]
    planes = defaultdict(list)
    for contour in placed:
        z = int(np.rint(contour[:, 0].mean()))
        if np.abs(contour[:, 0] - z).max() >= _ON_SLICE:
            return None
        planes[z].append(contour[:, 1:])
    gathered = Gathered()
    for z, group in planes.items():
        if 0 <= z < volume.shape[0]:
            gathered.add(z, fill(group, volume.shape[1:]))
    segment = gathered.segment(structure.number, structure.name, structure.color)
    drawn = sum(pixel_count(group, volume.shape[1:]) for group in planes.values())
    return Landed(segment, drawn, drawn - segment.voxels)


def _resampled(structure: _Structure, everything: Contours, volume: Volume) -> tuple[Landed, str]:
    """Fill contours in planes of their own, as fine as the volume, then bring them onto it.

    The second tells how thick the planes were taken.
    """
    stack, shape_yx = _own_stack(structure.contours, everything, volume)
    planes = defaultdict(list)
    for contour in structure.contours:
        placed = world_to_index(contour, stack.affine)
        planes[stack.nearest(placed[:, 0].mean())].append(placed[:, 1:])
    gathered = Gathered()
    for plane, group in planes.items():
        gathered.add(plane, fill(group, shape_yx))
    segment = gathered.segment(structure.number, structure.name, structure.color)
    near = land(segment, stack, volume)
    drawn = sum(pixel_count(group, shape_yx) for group in planes.values())
    return (
        Landed(near.segment, drawn, near.outside + drawn - near.drawn),
        f"{_planes(len(planes))} taken as {stack.usual:.3g} mm thick",
    )


def _own_stack(
    contours: Contours, everything: Contours, volume: Volume
) -> tuple[Stack, tuple[int, int]]:
    """The planes that a structure lies in, and those of the file's others beside them.

    With them comes how many rows and columns of each can meet both structure and volume.
    """
    normal = _normal(max(contours, key=len))
    fine = float(volume.spacing.min())
    # Any direction in the plane will do; one of the volume's keeps the rounding small.
    least = int(np.argmin(np.abs(normal @ volume.affine[:3, :3]) / volume.spacing))
    across = np.cross(normal, volume.affine[:3, least])
    across /= np.linalg.norm(across)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([normal, across * fine, np.cross(across, normal) * fine])
    first, rows, columns = _shared(np.concatenate(contours), volume, affine)
    affine[:3, 3] = affine[:3, :3] @ first
    own = [(contour @ normal).mean() for contour in contours]
    starts = np.cumsum([0, *(len(contour) for contour in everything[:-1])])
    along = np.concatenate(everything) @ normal
    low, high = np.minimum.reduceat(along, starts), np.maximum.reduceat(along, starts)
    beside = (low + high)[high - low < fine / 2] / 2
    depths = distinct([*own, *beside], _ON_SLICE * fine)
    gaps = np.diff(depths)
    usual = usual_gap(gaps)
    if usual is None:
        usual = min(float(np.median(gaps)) if gaps.size else np.inf, float(volume.spacing.max()))
    return Stack(affine, depths, usual), (rows, columns)


def _shared(
    points: FloatArray, volume: Volume, affine: FloatArray
) -> tuple[tuple[int, int, int], int, int]:
    """Where the pixels begin that may hold both points and volume, and their rows and columns.

    A vertex far away, which a spoilt file may have, must not make them countless.
    """
    edges = list(product(*((-0.5, size - 0.5) for size in volume.shape)))
    found = [
        world_to_index(each, affine)[:, 1:]
        for each in (points, index_to_world(edges, volume.affine))
    ]
    first = np.floor(np.max([each.min(axis=0) for each in found], axis=0)).astype(int) - 1
    end = np.ceil(np.min([each.max(axis=0) for each in found], axis=0)).astype(int) + 2
    rows, columns = np.maximum(end - first, 1).tolist()
    return (0, *first.tolist()), rows, columns


def _normal(contour: FloatArray) -> FloatArray:
    """Unit normal of a plane contour (N, 3): the direction in which it does not extend."""
    centred = contour - contour.mean(axis=0)
    return np.linalg.eigh(centred.T @ centred)[1][:, 0]
