"""Small pictures of slices with outlines and prompts, as arrays; no plotting library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.io.outline import outline
from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray, UInt8Array

TRUTH, ANSWER, POSITIVE, NEGATIVE, BOX = (
    (60, 220, 90),
    (255, 120, 20),
    (40, 120, 255),
    (255, 40, 60),
    (250, 230, 60),
)
_GAP = 4


def draw_slice(
    frame: Frame, shown: UInt8Array, outlines: Iterable[tuple[BoolArray, tuple[int, int, int]]]
) -> UInt8Array:
    """Draw what a frame shows of a slice, with outlines over it.

    Parameters
    ----------
    frame
        What to show: ``frame.side`` pixels wide and high.
    shown
        (H, W) uint8, the slice as windowed.
    outlines
        Masks (H, W) of the slice, each with its colour; later ones cover earlier ones.

    Returns
    -------
    (S, S, 3) uint8.
    """
    grey = np.rint(frame.image_to_model(shown)).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, axis=2)
    for mask, colour in outlines:
        inside = frame.mask_to_model(mask, frame.side) > 0
        picture[outline(inside)] = colour
    return picture


def draw_point(picture: UInt8Array, point_rc: Sequence[float], positive: bool) -> None:
    """Put a dot of 5 × 5 pixels onto a picture, blue for a positive click and red for another."""
    row, col = (round(float(place)) for place in point_rc)
    rows, cols = slice(max(row - 2, 0), row + 3), slice(max(col - 2, 0), col + 3)
    picture[rows, cols] = POSITIVE if positive else NEGATIVE


def draw_box(picture: UInt8Array, box_rc: ArrayLike) -> None:
    """Draw the edges of a box (row_min, col_min, row_max, col_max) onto a picture."""
    limits = np.array([picture.shape[0], picture.shape[1]] * 2) - 1
    row_min, col_min, row_max, col_max = np.clip(np.rint(box_rc).astype(int), 0, limits)
    picture[[row_min, row_max], col_min : col_max + 1] = BOX
    picture[row_min : row_max + 1, [col_min, col_max]] = BOX


def sheet(rows: Sequence[Sequence[UInt8Array]]) -> UInt8Array:
    """Lay pictures (S, S, 3) of one size out in rows, which may differ in length, on white."""
    height, width = rows[0][0].shape[:2]
    columns = max(map(len, rows))
    step = height + _GAP, width + _GAP
    page = np.full((len(rows) * step[0] - _GAP, columns * step[1] - _GAP, 3), 255, np.uint8)
    for row, pictures in enumerate(rows):
        for col, picture in enumerate(pictures):
            top, left = row * step[0], col * step[1]
            page[top : top + height, left : left + width] = picture
    return page
