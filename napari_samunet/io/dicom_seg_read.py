"""DICOM Segmentation → segments on the grid of a volume.

Binary, fractional (from one half on) and label map segmentations; overlapping segments stay
objects of their own.
Standard: DICOM PS3.3 A.51 and C.8.20.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from highdicom.color import CIELabColor

from napari_samunet.errors import UnreadableFile, UnsupportedImage
from napari_samunet.geometry import index_to_world, world_to_index
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_planes import Plane, affine_of, frame_count, plane_of
from napari_samunet.io.dicom_seg_pixels import frame_pixels
from napari_samunet.io.drawn_on import on_other_slices, places_behind
from napari_samunet.io.losses import Landed, land, note_of_resampling, notes_of_losses
from napari_samunet.io.plane_stack import Stack, distinct
from napari_samunet.io.quiet import damage_of
from napari_samunet.io.segments import Color, Gathered, Segment
from napari_samunet.io.unplaced import check_drawn_here, was_drawn_on
from napari_samunet.io.volume import Volume
from napari_samunet.types import BoolArray, FloatArray

_OFF_VOXEL = 0.1
"""A frame lies on a slice when its corners do, within this share of a voxel."""


def read_dicom_seg(path: Path, dataset: Any, volume: Volume) -> tuple[list[Segment], list[str]]:
    """Read a segmentation.

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
        In the order of their numbers; empty ones are left out.
    notes : list of str
        What a person should know: which segments lie outside, wholly or in part, that they were
        resampled, or that nobody knows where they belong.

    Raises
    ------
    UnreadableFile
        If its pixels are missing or cannot be decoded.
    UnsupportedImage
        If its frames state no position, and the volume is more than one slice or not the image
        that they were drawn on.
    """
    if "PixelData" not in dataset:
        raise UnreadableFile(f"{path} ends before its pixels: copy or export it again.")
    planes, slices, notes = _drawn_here(path, dataset, volume)
    landed = _exact(path, dataset, planes, slices, volume)
    if landed is None:
        stack, places = _own_stack(planes, places_behind(dataset, volume), volume)
        found, _ = _gather(path, dataset, planes, places, len(stack.depths))
        landed = [land(segment, stack, volume) for segment in found]
        notes.append(note_of_resampling(path.name))
    notes += notes_of_losses(path.name, [item for item in landed if item.drawn])
    return [item.segment for item in landed if item.segment.voxels], notes


def _drawn_here(
    path: Path, dataset: Any, volume: Volume
) -> tuple[list[Plane], list[int | None], list[str]]:
    """The frames that belong to the image, the slice that each of them lies on, and notes."""
    planes = [plane_of(path, dataset, frame) for frame in range(frame_count(dataset))]
    slices = [_slice_of(plane, volume) for plane in planes]
    if None in slices and not all(plane.is_placed for plane in planes):
        raise UnsupportedImage(
            f"{path} states no place of its frames, and they are not the one slice of the image: "
            "export it as NIfTI or NRRD."
        )
    known = [plane.is_placed or was_drawn_on(plane, volume) for plane in planes]
    notes = check_drawn_here(path, known)
    here = [n for n, is_here in enumerate(known) if is_here is not False]
    return [planes[n] for n in here], [slices[n] for n in here], notes


def _exact(
    path: Path, dataset: Any, planes: list[Plane], slices: list[int | None], volume: Volume
) -> list[Landed] | None:
    """The segments as they were drawn; None where their frames do not lie on the slices."""
    places = [z for z in slices if z is not None]
    if len(places) < len(slices) or _on_other_slices(dataset, planes, volume):
        return None
    found, beyond = _gather(path, dataset, planes, places, volume.shape[0])
    return [Landed(s, s.voxels + beyond[s.number], beyond[s.number]) for s in found]


def _slice_of(plane: Plane, volume: Volume) -> int | None:
    """Index of the slice that a frame lies on, beyond the volume's ends too; else None."""
    if plane.shape != volume.shape[1:]:
        return None
    if not plane.is_placed:
        return None if volume.shape[0] > 1 else 0
    rows, columns = (n - 1 for n in plane.shape)
    corners = np.array([(0, 0, 0), (0, rows, 0), (0, 0, columns)], float)
    found = world_to_index(index_to_world(corners, affine_of(plane, plane.normal)), volume.affine)
    z = int(np.rint(found[0, 0]))
    wanted = np.add(corners, (z, 0, 0))
    return z if np.abs(found - wanted).max() < _OFF_VOXEL else None


def _on_other_slices(dataset: Any, planes: list[Plane], volume: Volume) -> bool:
    """Whether frames that lie on slices of the volume were drawn on other ones."""
    if not all(plane.is_placed for plane in planes):
        return False
    depths = distinct(_depths(planes), _OFF_VOXEL * volume.spacing[0])
    gaps = np.diff(depths)
    step = _stated_step(planes[0], gaps) or (gaps.min() if gaps.size else 0.0)
    return on_other_slices(dataset, step / float(volume.spacing[0]), volume)


def _depths(planes: list[Plane]) -> FloatArray:
    """Millimetres along the normal of the first plane."""
    return _positions(planes) @ planes[0].normal


def _positions(planes: list[Plane]) -> FloatArray:
    return np.array([plane.position for plane in planes], dtype=float)


def _stated_step(plane: Plane, gaps: FloatArray) -> float | None:
    """mm from slice to slice as the file states it, unless its frames contradict that."""
    stated = abs(plane.number("SpacingBetweenSlices") or plane.number("SliceThickness") or 0.0)
    if not stated:
        return None
    slices = np.rint(gaps / stated)
    even = (slices >= 1) & (np.abs(gaps - slices * stated) < _OFF_VOXEL * stated)
    return stated if even.all() else None


def _own_stack(
    planes: list[Plane], behind_ras: FloatArray, volume: Volume
) -> tuple[Stack, list[int]]:
    """The frames' own planes and those of the images behind them, and each frame's number."""
    own, positions = _depths(planes), _positions(planes)
    first, last = int(np.argmin(own)), int(np.argmax(own))
    placed, apart = own - own.min(), _OFF_VOXEL * float(volume.spacing.min())
    affine = affine_of(planes[first], planes[first].normal)
    if placed.max() > apart:  # frames of a tilted gantry are shifted against each other
        affine[:3, 0] = (positions[last] - positions[first]) * (-1, -1, 1) / placed.max()
    depths = distinct([*placed, *world_to_index(behind_ras, affine)[:, 0]], apart)
    gaps = np.diff(depths)
    between = float(np.median(gaps) if gaps.size else volume.spacing.max())
    stack = Stack(affine, depths, _stated_step(planes[first], gaps) or between)
    return stack, [stack.nearest(depth) for depth in placed]


def _gather(
    path: Path, dataset: Any, planes: list[Plane], places: list[int], count: int
) -> tuple[list[Segment], Counter[int]]:
    """The segments on ``count`` slices, and how many pixels each of them has beyond these."""
    gathered: dict[int, Gathered] = defaultdict(Gathered)
    beyond: Counter[int] = Counter()
    for plane, z in zip(planes, places, strict=True):
        for number, mask in _masks(path, dataset, plane):
            if 0 <= z < count:
                gathered[number].add(z, mask)
            else:
                beyond[number] += int(mask.sum())
    described = {int(item.SegmentNumber): item for item in dataset.get("SegmentSequence") or ()}
    numbers = sorted({*gathered, *beyond})
    return [_named(gathered[n], n, described.get(n)) for n in numbers], beyond


def _masks(path: Path, dataset: Any, plane: Plane) -> Iterator[tuple[int, BoolArray]]:
    """The segments of one frame: a label map holds several."""
    try:
        pixels = frame_pixels(dataset, plane)
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise UnreadableFile(
            f"{path} has pixels that cannot be decoded ({damage_of(error)})."
        ) from None
    number = plane.number("ReferencedSegmentNumber")
    if number is None:
        background = plane.number("PixelPaddingValue")
        for value in np.unique(pixels[pixels > 0]).tolist():
            if value != background:
                yield value, pixels == value
    elif text_of(dataset, "SegmentationType") == "FRACTIONAL":
        yield int(number), pixels * 2.0 >= float(dataset.get("MaximumFractionalValue") or 255)
    else:
        yield int(number), pixels > 0


def _named(gathered: Gathered, number: int, described: Any) -> Segment:
    name = text_of(described, "SegmentLabel") if described is not None else ""
    color = _color(described) if described is not None else None
    return gathered.segment(number, name or f"segment {number}", color)


def _color(described: Any) -> Color | None:
    lab = described.get("RecommendedDisplayCIELabValue")
    if lab is None or len(lab) != 3:
        return None
    rgb = CIELabColor.from_dicom_value([int(part) for part in lab]).to_rgb(clip=True)
    red, green, blue = (part / 255 for part in rgb)
    return red, green, blue
