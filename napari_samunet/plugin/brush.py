"""A round brush on a slice: which pixels a stroke covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_samunet.types import BoolArray


def stroke_mask(
    shape_hw: tuple[int, int], path_rc: Sequence[tuple[float, float]], diameter: float
) -> BoolArray:
    """Pixels within half a diameter of a line through the places of a stroke.

    Parameters
    ----------
    shape_hw : (int, int)
        Rows and columns of the slice.
    path_rc : sequence of (row, column)
        Where the mouse was, in pixels of the slice; parts outside it are cut off.
    diameter : float
        Of the brush, in pixels; 1 paints single pixels.

    Returns
    -------
    ndarray, shape (H, W), bool
    """
    mask = np.zeros(shape_hw, dtype=bool)
    path = np.asarray(path_rc, dtype=float).reshape(-1, 2)
    for start, end in zip(path, path[1:] if len(path) > 1 else path, strict=False):
        _add_segment(mask, start, end, diameter / 2)
    return mask


def _add_segment(mask: BoolArray, start: np.ndarray, end: np.ndarray, radius: float) -> None:
    """Set the pixels near one straight piece, looking only at its surroundings."""
    reach = max(radius, 0.5)
    low = np.maximum(np.floor(np.minimum(start, end) - reach).astype(int), 0)
    high = np.minimum(np.ceil(np.maximum(start, end) + reach).astype(int) + 1, mask.shape)
    if (low >= high).any():
        return
    rows, cols = np.ogrid[low[0] : high[0], low[1] : high[1]]
    along = end - start
    length = float(along @ along)
    share = 0.0
    if length:
        share = ((rows - start[0]) * along[0] + (cols - start[1]) * along[1]) / length
        share = np.clip(share, 0, 1)
    distance = np.hypot(rows - start[0] - share * along[0], cols - start[1] - share * along[1])
    mask[low[0] : high[0], low[1] : high[1]] |= distance <= reach
