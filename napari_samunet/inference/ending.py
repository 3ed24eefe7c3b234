"""Where an object ends: what the mask covers there does not stand out any more as it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage

from napari_samunet.types import BoolArray, FloatArray

LEAST_SHARE = 0.25
"""Of the contrast on the key slice: with less, the object is gone and the mask a ghost of it."""
LEAST_CONTRAST = 0.5
"""Contrast in standard deviations within the object: with less it cannot be told by its looks."""
_GAP, _RING = 1, 4  # pixels: partial volume at the edge is neither object nor surroundings


class Ending:
    """Compares how a mask stands out from its surroundings with how it did on the key slices.

    Parameters
    ----------
    slice_at
        Intensities (H, W) of the slice of an index.
    keys
        Index to mask (H, W) of the slices that a person has settled.
    """

    def __init__(
        self, slice_at: Callable[[int], FloatArray], keys: Mapping[int, BoolArray]
    ) -> None:
        self._slice_at = slice_at
        self._contrasts = {
            index: contrast
            for index, mask in keys.items()
            if abs((contrast := _contrast(slice_at(index), mask)) or 0)
            >= LEAST_CONTRAST * _spread(slice_at(index), mask)
        }

    def is_past(self, index: int, mask: BoolArray, key: int) -> bool:
        """Whether a mask that was carried from the slice ``key`` lies past the object's end."""
        wanted = self._contrasts.get(key)
        if wanted is None:
            return False
        found = _contrast(self._slice_at(index), mask)
        return found is not None and found / wanted < LEAST_SHARE


def _contrast(slice_yx: FloatArray, mask: BoolArray) -> float | None:
    """Median within less median of a ring around; None where there is no ring."""
    ring = ndimage.binary_dilation(mask, iterations=_RING)
    ring &= ~ndimage.binary_dilation(mask, iterations=_GAP)
    if not mask.any() or not ring.any():
        return None
    return float(np.median(slice_yx[mask])) - float(np.median(slice_yx[ring]))


def _spread(slice_yx: FloatArray, mask: BoolArray) -> float:
    return float(np.std(slice_yx[mask])) if mask.any() else np.inf
