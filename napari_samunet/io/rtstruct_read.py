"""DICOM RT Structure Set → segments on the grid of a volume, filled by pixel centres.

Contours of one structure in one plane cancel where they lie inside each other, so that holes stay
holes, whether they were written as keyholes or as contours of their own.
Standard: DICOM PS3.3 C.8.8.6.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from napari_samunet.errors import UnsupportedImage
from napari_samunet.geometry import world_to_index
from napari_samunet.io.contours import fill
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.regrid import segment_onto
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
        What a person should know: what was left out or lies between slices.

    Raises
    ------
    UnsupportedImage
        If there is no closed contour in the file.
    """
    rois = {int(roi.ROINumber): roi for roi in dataset.get("StructureSetROISequence") or ()}
    drawn = {number: (contours, color) for number, contours, color in _drawn(dataset) if contours}
    if not drawn:
        raise UnsupportedImage(f"{path} holds no closed contour: is it the right structure set?")
    segments, resampled = [], []
    for number, (contours, color) in drawn.items():
        name = text_of(rois.get(number, {}), "ROIName") or f"structure {number}"
        segment, exact = _filled(number, name, contours, color, volume)
        segments.append(segment)
        resampled += [] if exact else [name]
    return [s for s in segments if s.voxels], _notes(path, segments, resampled)


def _drawn(dataset: Any) -> list[tuple[int, Contours, Color | None]]:
    found = []
    for item in dataset.get("ROIContourSequence") or ():
        rgb = item.get("ROIDisplayColor")
        color = None
        if rgb is not None and len(rgb) == 3:
            red, green, blue = (int(part) / 255 for part in rgb)
            color = (red, green, blue)
        contours = [
            np.array(contour.ContourData, dtype=float).reshape(-1, 3) * _TO_RAS
            for contour in item.get("ContourSequence") or ()
            if text_of(contour, "ContourGeometricType") in _CLOSED
            and len(contour.ContourData) % 3 == 0
        ]
        found.append((int(item.ReferencedROINumber), contours, color))
    return found


def _filled(
    number: int, name: str, contours: Contours, color: Color | None, volume: Volume
) -> tuple[Segment, bool]:
    """A structure on the volume's grid, and whether its contours lie on the slices."""
    placed = [world_to_index(contour, volume.affine) for contour in contours]
    depths = [contour[:, 0] for contour in placed]
    off = max(float(np.abs(depth - np.rint(depth.mean())).max()) for depth in depths)
    if off < _ON_SLICE:
        gathered = Gathered()
        for z, group in _by_plane(placed).items():
            if 0 <= z < volume.shape[0]:
                gathered.add(z, fill([c[:, 1:] for c in group], volume.shape[1:]))
        return gathered.segment(number, name, color), True
    return _resampled(number, name, contours, color, volume), False


def _by_plane(placed: Contours) -> dict[int, Contours]:
    planes: dict[int, Contours] = defaultdict(list)
    for contour in placed:
        planes[int(np.rint(contour[:, 0].mean()))].append(contour)
    return planes


def _resampled(
    number: int, name: str, contours: Contours, color: Color | None, volume: Volume
) -> Segment:
    """Fill contours in planes of their own, as fine as the volume, then bring them onto it."""
    affine = _own_grid(contours, volume)
    placed = [world_to_index(contour, affine) for contour in contours]
    highest = np.ceil(np.max([contour.max(axis=0) for contour in placed], axis=0)).astype(int)
    gathered = Gathered()
    for z, group in _by_plane(placed).items():
        gathered.add(z, fill([c[:, 1:] for c in group], (highest[1] + 1, highest[2] + 1)))
    return segment_onto(gathered.segment(number, name, color), affine, volume)


def _own_grid(contours: Contours, volume: Volume) -> FloatArray:
    """A grid whose planes are those of the contours; (z, y, x, 1) → RAS mm."""
    normal = _normal(max(contours, key=len))
    fine = float(volume.spacing.min())
    # Any direction in the plane will do; one of the volume's keeps the rounding small.
    least = int(np.argmin(np.abs(normal @ volume.affine[:3, :3]) / volume.spacing))
    across = np.cross(normal, volume.affine[:3, least])
    across /= np.linalg.norm(across)
    depths = np.unique(np.round([(contour @ normal).mean() for contour in contours], 2))
    step = np.diff(depths).min() if len(depths) > 1 else float(volume.spacing.max())
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack(
        [normal * step, across * fine, np.cross(across, normal) * fine]
    )
    corner = np.floor(world_to_index(np.concatenate(contours), affine).min(axis=0))
    affine[:3, 3] = affine[:3, :3] @ (depths[0] / step, *corner[1:])
    return affine


def _normal(contour: FloatArray) -> FloatArray:
    """Unit normal of a plane contour (N, 3): the direction in which it does not extend."""
    return np.linalg.svd(contour - contour.mean(axis=0))[2][2]


def _notes(path: Path, segments: list[Segment], resampled: list[str]) -> list[str]:
    notes = []
    if resampled:
        notes.append(
            f"{path.name}: {', '.join(resampled)} lies between the slices of the image and was "
            "resampled to the nearest voxel"
        )
    empty = [segment.name for segment in segments if not segment.voxels]
    if empty:
        notes.append(f"{path.name}: {', '.join(empty)} holds no voxel of the image")
    return notes
