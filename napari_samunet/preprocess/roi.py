"""Where to look: square regions of a slice that put an object into the middle of the model frame.

Zooming makes interactive models converge faster (arXiv 2510.09499). The network saw squares of 1.3
to 4 times an object and whole slices in training; these rules keep to what it saw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_samunet.types import BoolArray, Box

ZOOM = 2.0
"""Side of a region over the extent of what it holds; training centred on the same."""
SMALLEST_SIDE = 32
"""Pixels: less than that shows no surroundings to judge an edge by."""
WORTHWHILE = 0.75
"""A region is worth a second encoding when it is smaller than this share of the slice."""
LOOK_AROUND = 0.25
"""Share of the slice to look at when a click found nothing."""
LOOSE = 0.6
"""A better region below this share of the present one is worth another encoding."""
EDGE = 0.03
"""What comes closer to the region's edge than this share of its side may reach beyond it."""


class Roi(NamedTuple):
    """A square of ``side`` pixels from pixel (row0, col0) on; it may reach over the slice."""

    row0: int
    col0: int
    side: int


def whole_slice(shape_hw: tuple[int, int]) -> Roi:
    """Return the smallest square around the slice, centred on it."""
    side = max(shape_hw)
    return Roi((shape_hw[0] - side) // 2, (shape_hw[1] - side) // 2, side)


def roi_around(box_rc: Box, zoom: float = ZOOM) -> Roi:
    """Return the square centred on a box (both ends included), ``zoom`` times its longer side."""
    row0, col0, row1, col1 = box_rc
    extent = max(row1 - row0, col1 - col0) + 1
    side = max(round(extent * zoom), SMALLEST_SIDE)
    return Roi(round((row0 + row1 + 1 - side) / 2), round((col0 + col1 + 1 - side) / 2), side)


def first_look(shape_hw: tuple[int, int], box_rc: Box | None) -> Roi:
    """Return where to look first: around the box where there is one, else at the whole slice."""
    if box_rc is None:
        return whole_slice(shape_hw)
    return _capped(roi_around(box_rc), shape_hw)


def closer_look(shape_hw: tuple[int, int], points_rc: np.ndarray, mask: BoolArray) -> Roi | None:
    """Return the region around a first answer, or None when the whole slice shows it well."""
    if mask.any():
        roi = roi_around(extent_of(mask))
    else:
        row, col = points_rc[0]
        side = max(round(LOOK_AROUND * max(shape_hw)), SMALLEST_SIDE)
        roi = Roi(round(row - side / 2), round(col - side / 2), side)
    return roi if roi.side < WORTHWHILE * max(shape_hw) else None


def look_at_mask(
    shape_hw: tuple[int, int],
    mask: BoolArray,
    points_rc: np.ndarray | None = None,
    box_rc: Box | None = None,
) -> Roi:
    """Return where to look first at what a mask (H, W), not empty, and other prompts show."""
    points = np.empty((0, 2)) if points_rc is None else points_rc
    return next_look(shape_hw, whole_slice(shape_hw), points, box_rc, mask)


def next_look(
    shape_hw: tuple[int, int],
    current: Roi,
    points_rc: np.ndarray,
    box_rc: Box | None,
    mask: BoolArray,
) -> Roi:
    """Return where to look for a correction: the same region while it holds everything."""
    held = _hull(points_rc, box_rc, mask)
    wanted = _capped(roi_around(held), shape_hw)
    if _holds(current, held, shape_hw) and wanted.side > LOOSE * current.side:
        return current
    return wanted


def reach(points_rc: np.ndarray, box_rc: Box | None, mask: BoolArray) -> Roi:
    """Return the region that shows points, a box and a mask (H, W) with what lies around them."""
    return roi_around(_hull(points_rc, box_rc, mask))


def extent_of(mask: BoolArray) -> tuple[int, int, int, int]:
    """Return the tight box (row_min, col_min, row_max, col_max) of a mask that is not empty."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(cols[0]), int(rows[-1]), int(cols[-1])


def _hull(points_rc: np.ndarray, box_rc: Box | None, mask: BoolArray) -> Box:
    corners = [points_rc.reshape(-1, 2)]
    if box_rc is not None:
        corners.append(np.reshape(box_rc, (2, 2)))
    if mask.any():
        corners.append(np.reshape(extent_of(mask), (2, 2)))
    everything = np.concatenate(corners)
    (row0, col0), (row1, col1) = everything.min(0), everything.max(0)
    return float(row0), float(col0), float(row1), float(col1)


def _holds(roi: Roi, box_rc: Box, shape_hw: tuple[int, int]) -> bool:
    """Whether a box lies inside a region with a margin; the slice's own border needs none."""
    margin = EDGE * roi.side
    first, last = np.array(box_rc[:2]), np.array(box_rc[2:])
    start = np.array([roi.row0, roi.col0])
    before = (first >= start + margin) | ((first <= 0) & (start <= 0))
    end = start + roi.side - 1
    edge = np.array(shape_hw) - 1
    after = (last <= end - margin) | ((last >= edge) & (end >= edge))
    return bool(before.all() and after.all())


def _capped(roi: Roi, shape_hw: tuple[int, int]) -> Roi:
    whole = whole_slice(shape_hw)
    return whole if roi.side >= whole.side else roi
