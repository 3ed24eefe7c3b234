"""Clicks as a careful person would make them, for measuring and training; no model is needed.

The protocol of interactive segmentation (RITM, arXiv 2102.06583), with the image border as an edge
and 4-connected components.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.errors import EmptyPrompt
from napari_samunet.preprocess.roi import extent_of
from napari_samunet.types import BoolArray

Click = tuple[tuple[int, int], bool]


def tight_box(mask: BoolArray) -> tuple[int, int, int, int]:
    """Return the tight box (row_min, col_min, row_max, col_max) of a mask (H, W), ends included.

    Raises
    ------
    EmptyPrompt
        If the mask is empty.
    """
    _need(mask)
    return extent_of(np.asarray(mask, bool))


def first_click(mask: BoolArray) -> tuple[int, int]:
    """Return the pixel (row, column) of the largest component that is farthest from its edge.

    Raises
    ------
    EmptyPrompt
        If the mask is empty.
    """
    _need(mask)
    return _deepest(largest_part(np.asarray(mask, bool)))


def next_click(mask: BoolArray, prediction: BoolArray) -> Click | None:
    """Return the click that a person would correct a prediction with: ((row, column), positive).

    It lies in the middle of the largest error component: positive where the object was missed,
    negative where the prediction spilled; a tie goes to what was missed. None: nothing is wrong.
    """
    truth, found = np.asarray(mask, bool), np.asarray(prediction, bool)
    missed, spilled = largest_part(truth & ~found), largest_part(found & ~truth)
    if not missed.any() and not spilled.any():
        return None
    if missed.sum() >= spilled.sum():
        return _deepest(missed), True
    return _deepest(spilled), False


def _need(mask: BoolArray) -> None:
    if not np.any(mask):
        raise EmptyPrompt("A click or box is derived from a mask that is not empty; this one is.")


def largest_part(mask: BoolArray) -> BoolArray:
    """Return the largest 4-connected component of a mask (H, W); an empty mask stays empty."""
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    return np.asarray(parts == 1 + np.bincount(parts.ravel())[1:].argmax())


def _deepest(mask: BoolArray) -> tuple[int, int]:
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, col = np.unravel_index(depth.argmax(), depth.shape)
    return int(row), int(col)
