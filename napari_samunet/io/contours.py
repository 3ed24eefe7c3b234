"""Masks ↔ closed contours that run along the edges of pixels.

A contour's vertices are corners of pixels, half a pixel off the centres, so that filling it by the
centres gives back exactly the mask, down to a single pixel. A hole is joined to its outer contour
by a channel of no width (the keyhole of DICOM PS3.3 C.8.8.6.3), which runs between pixels as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from napari_samunet.types import BoolArray, FloatArray, IntArray

_FAR = 10_000
"""Pixels further than so many from an image are not counted: they are metres away."""
_BAND = 512
"""Rows that are counted at once, so that tall contours take little memory."""

Corner = tuple[int, int]
Loop = list[Corner]
"""Corners (row, column) of pixels, which lie half a pixel before the pixel of that number."""


def contours_of(mask_yx: BoolArray) -> list[FloatArray]:
    """Outline a mask.

    Parameters
    ----------
    mask_yx : ndarray of bool, shape (H, W)

    Returns
    -------
    list of ndarray, shape (N, 2)
        (row, column) vertices in pixel coordinates (centres at whole numbers), one closed contour
        for each piece of the mask whose pixels touch along edges; the first vertex is not repeated.
    """
    pieces, _ = ndimage.label(mask_yx)
    by_piece: dict[int, list[Loop]] = defaultdict(list)
    for loop in _loops(mask_yx):
        by_piece[int(pieces[_pixel_beside(loop)])].append(loop)
    joined = (_keyholed(loops) for _, loops in sorted(by_piece.items()))
    return [_turns(loop) - 0.5 for loop in joined]


def fill(contours_rc: Iterable[ArrayLike], shape_yx: tuple[int, int]) -> BoolArray:
    """Return the pixels whose centres lie inside an odd number of contours.

    Parameters
    ----------
    contours_rc : iterable of array_like, shape (N, 2)
        (row, column) vertices in pixel coordinates, closed; parts may lie outside the image.
    shape_yx : (int, int)
        Rows and columns of the mask that is returned.
    """
    height, width = shape_yx
    flips = np.zeros((height, width + 1), bool)
    for contour in contours_rc:
        rows, columns = _crossings(np.asarray(contour, dtype=float), 0, height)
        first = np.clip(np.ceil(columns), 0, width).astype(int)
        np.logical_xor.at(flips, (rows, first), True)
    return np.logical_xor.accumulate(flips, axis=1)[:, :width]


def pixel_count(contours_rc: Sequence[FloatArray], shape_yx: tuple[int, int]) -> int:
    """Count the pixels that `fill` would find if the image went on, though not for ever.

    Parameters
    ----------
    contours_rc : sequence of ndarray, shape (N, 2)
        As `fill` takes them.
    shape_yx : (int, int)
        Rows and columns of the image. It goes on for 10,000 pixels on every side.
    """
    corners = np.concatenate(contours_rc)[:, 0]
    top = max(int(np.floor(corners.min())), -_FAR)
    bottom = min(int(np.ceil(corners.max())), shape_yx[0] + _FAR)
    bands = ((row, min(row + _BAND, bottom)) for row in range(top, bottom, _BAND))
    return sum(_count_between(*band, contours_rc, shape_yx[1]) for band in bands)


def _count_between(top: int, bottom: int, contours_rc: Sequence[FloatArray], width: int) -> int:
    """Pixels of the rows from ``top`` on, and before ``bottom``."""
    found = [_crossings(contour, top, bottom) for contour in contours_rc]
    rows, columns = (np.concatenate(parts) for parts in zip(*found, strict=True))
    first = np.clip(np.ceil(columns), -_FAR, width + _FAR).astype(int)
    edges = first[np.lexsort((first, rows))]  # an even number in each row
    return int((edges[1::2] - edges[::2]).sum())


def _crossings(contour_rc: FloatArray, top: int, bottom: int) -> tuple[IntArray, FloatArray]:
    """Where a contour crosses the lines through the pixel centres: rows, and columns there."""
    start, end = contour_rc, np.roll(contour_rc, -1, axis=0)
    low, high = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    first = np.clip(np.ceil(low), top, bottom).astype(int)
    count = np.clip(np.ceil(high), top, bottom).astype(int) - first  # low ≤ row < high
    edge = np.repeat(np.arange(len(start)), count)
    rows = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    slope = (end[edge, 1] - start[edge, 1]) / (end[edge, 0] - start[edge, 0])
    return rows, start[edge, 1] + (rows - start[edge, 0]) * slope


def _loops(mask_yx: BoolArray) -> list[Loop]:
    """Follow the edges between inside and outside, the inside always on the right hand."""
    onward = _edges(mask_yx)
    loops: list[Loop] = []
    for start in list(onward):
        while start in onward:  # two loops may touch there
            loops.append(_followed(onward, start))
    return loops


def _followed(onward: dict[Corner, list[Corner]], start: Corner) -> Loop:
    """Use up the edges of one loop."""
    loop = [start]
    step: Corner | None = onward[start][0]
    while step is not None:
        here = loop[-1]
        onward[here].remove(step)
        if not onward[here]:
            del onward[here]
        loop.append((here[0] + step[0], here[1] + step[1]))
        step = _next_step(step, onward.get(loop[-1], []), closed=loop[-1] == start)
    return loop[:-1]


def _edges(mask_yx: BoolArray) -> dict[Corner, list[Corner]]:
    """Every edge of a pixel to the outside, as the corner it starts from and its step."""
    padded = np.pad(mask_yx, 1)
    inside = padded[1:-1, 1:-1]
    sides = (
        (padded[:-2, 1:-1], (0, 0), (0, 1)),  # above: to the right
        (padded[1:-1, 2:], (0, 1), (1, 0)),  # right: down
        (padded[2:, 1:-1], (1, 1), (0, -1)),  # below: to the left
        (padded[1:-1, :-2], (1, 0), (-1, 0)),  # left: up
    )
    onward: dict[Corner, list[Corner]] = defaultdict(list)
    for neighbour, offset, step in sides:
        for row, column in (np.argwhere(inside & ~neighbour) + offset).tolist():
            onward[row, column].append(step)
    return onward


def _next_step(step: Corner, choices: Sequence[Corner], closed: bool) -> Corner | None:
    """Where two pixels touch at a corner only, turn right, which stays with the same pixel."""
    right = (step[1], -step[0])
    if right in choices:
        return right
    return None if closed else choices[0]


def _pixel_beside(loop: Loop) -> Corner:
    """The pixel inside, on the right hand of a loop's first edge."""
    (row, column), (next_row, next_column) = loop[0], loop[1]
    step = (next_row - row, next_column - column)
    return row - (step[1] < 0 or step[0] < 0), column - (step[0] > 0 or step[1] < 0)


def _keyholed(loops: list[Loop]) -> Loop:
    """Join a piece's holes to its outer contour.

    From its leftmost corner each hole walks left, between rows, to the nearest outline: the outer
    one or that of a hole further left, so in the end all hang together. Both pixels to the right of
    a corner that is met are inside, so one line passes there once, and no two channels meet.
    """
    outer = int(np.argmax([_area(loop) for loop in loops]))
    corners = list(loops[outer])
    after = [*range(1, len(corners)), 0]
    holes = []
    for hole in (*loops[:outer], *loops[outer + 1 :]):
        begin = hole.index(min(hole, key=_from_the_left))
        holes.append((len(corners), len(corners) + len(hole)))
        corners += [*hole[begin:], *hole[: begin + 1]]
        after += range(len(after) + 1, len(corners) + 1)
    number = {corner: n for n, corner in enumerate(corners)}
    for first, last in holes:
        row, column = corners[first]
        met = next(number[row, x] for x in range(column - 1, -1, -1) if (row, x) in number)
        after[last] = len(corners)  # back at the corner that was met
        corners.append(corners[met])
        after.append(after[met])
        after[met] = first
    return _chained(corners, after)


def _chained(corners: Sequence[Corner], after: Sequence[int]) -> Loop:
    """Walk from the first corner until it comes again."""
    loop, here = [corners[0]], after[0]
    while here:
        loop.append(corners[here])
        here = after[here]
    return loop


def _from_the_left(corner: Corner) -> tuple[int, int]:
    return corner[1], corner[0]


def _area(loop: Loop) -> float:
    """Signed area; positive where the inside lies on the right hand all the way around."""
    rows, columns = np.array(loop).T
    return float(np.dot(columns, np.roll(rows, -1)) - np.dot(rows, np.roll(columns, -1))) / 2


def _turns(loop: Loop) -> FloatArray:
    """Leave out corners in the middle of straight lines."""
    corners_rc = np.array(loop, dtype=float)
    onward = np.sign(np.roll(corners_rc, -1, axis=0) - corners_rc)
    return corners_rc[(onward != np.roll(onward, 1, axis=0)).any(axis=1)]
