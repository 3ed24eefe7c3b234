"""Plain geometry from a box: what a tool must beat to be of any use."""

from __future__ import annotations

import numpy as np

from napari_samunet.types import BoolArray, Box


def filled_box(shape: tuple[int, int], box_rc: Box) -> BoolArray:
    """Mark every pixel of a box.

    Parameters
    ----------
    shape
        (H, W) of the slice.
    box_rc
        (row_min, col_min, row_max, col_max), both ends belonging to the object.

    Returns
    -------
    (H, W) bool.
    """
    row_min, col_min, row_max, col_max = box_rc
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows >= row_min) & (rows <= row_max) & (columns >= col_min) & (columns <= col_max)


def inscribed_ellipse(shape: tuple[int, int], box_rc: Box) -> BoolArray:
    """Mark the ellipse that touches the outer edges of a box's pixels on all four sides.

    Parameters
    ----------
    shape
        (H, W) of the slice.
    box_rc
        (row_min, col_min, row_max, col_max), both ends belonging to the object.

    Returns
    -------
    (H, W) bool.
    """
    row_min, col_min, row_max, col_max = box_rc
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    row_part = (rows - (row_min + row_max) / 2) / ((row_max - row_min + 1) / 2)
    column_part = (columns - (col_min + col_max) / 2) / ((col_max - col_min + 1) / 2)
    return row_part**2 + column_part**2 <= 1


BASELINES = {"filled box": filled_box, "inscribed ellipse": inscribed_ellipse}
