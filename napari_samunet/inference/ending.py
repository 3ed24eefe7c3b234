"""Where an object ends: the mask does not stand out any more, or is farther than it is wide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from napari_samunet.inference.contrast import contrast_to_ring
from napari_samunet.types import BoolArray, FloatArray

LEAST_SHARE = 0.25
"""Of the contrast on the key slice: with less, the object is gone and the mask a ghost of it."""
LEAST_CONTRAST = 1.0
"""Contrast in standard deviations within the object: with less it cannot be told by its looks."""
REACH = 1.0
"""In radii: how far an object goes on past key slices that do not show it to be long."""


class Ending:
    """Compares how a mask stands out from its surroundings with how it did on the key slices.

    Parameters
    ----------
    slice_at
        Intensities (H, W) of the slice of an index.
    keys
        Index to mask (H, W) of the slices that a person has settled.
    spacing
        Millimetres from slice to slice, and along rows and columns.
    """

    def __init__(
        self,
        slice_at: Callable[[int], FloatArray],
        keys: Mapping[int, BoolArray],
        spacing: Sequence[float],
    ) -> None:
        self._slice_at = slice_at
        self._contrasts = {
            index: contrast
            for index, mask in keys.items()
            if (contrast := contrast_to_ring(slice_at(index), mask))
            and abs(contrast) >= LEAST_CONTRAST * _spread(slice_at(index), mask)
        }
        self._reach = _reach(keys, spacing)

    def is_too_far(self, index: int, key: int) -> bool:
        """Whether a slice lies farther from the key slice than the object is likely to go on."""
        return abs(index - key) > self._reach

    def is_past(self, index: int, mask: BoolArray, key: int) -> bool:
        """Whether a mask that was carried from the slice ``key`` does not look like the object."""
        wanted = self._contrasts.get(key)
        if wanted is None:
            return False
        found = contrast_to_ring(self._slice_at(index), mask)
        return found is not None and found / wanted < LEAST_SHARE


def _reach(keys: Mapping[int, BoolArray], spacing: Sequence[float]) -> float:
    """Slices that an object goes on past its outermost key slices; no limit to a long one."""
    between, row, column = spacing
    widest = max(int(mask.sum()) for mask in keys.values())
    radius = np.sqrt(widest * row * column / np.pi)
    length = (max(keys) - min(keys)) * between
    is_long = length > 2 * radius or len(keys) < 2  # one slice tells nothing of the length
    # Where slices are thicker than the object is wide, the neighbour still shows a part of it.
    return np.inf if is_long else max(REACH * radius / between, 1.0)


def _spread(slice_yx: FloatArray, mask: BoolArray) -> float:
    return float(np.std(slice_yx[mask])) if mask.any() else np.inf
