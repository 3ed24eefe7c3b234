"""How a mask stands out from what is around it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.types import BoolArray, FloatArray

_GAP, _RING = 1, 4  # pixels: partial volume at the edge is neither object nor surroundings


def contrast_to_ring(slice_yx: FloatArray, mask: BoolArray) -> float | None:
    """Median within a mask (H, W) less the median of a ring around; None without either."""
    ring = _ring(mask)
    if not mask.any() or not ring.any():
        return None
    return float(np.median(slice_yx[mask])) - float(np.median(slice_yx[ring]))


def standing_out(slice_yx: FloatArray, mask: BoolArray) -> float:
    """Contrast to the ring in standard deviations of both; 0 where there is none."""
    contrast = contrast_to_ring(slice_yx, mask)
    if contrast is None:
        return 0.0
    spread = np.sqrt((np.var(slice_yx[mask]) + np.var(slice_yx[_ring(mask)])) / 2)
    return abs(contrast) / float(spread) if spread else 0.0


def _ring(mask: BoolArray) -> BoolArray:
    wide = ndimage.binary_dilation(mask, iterations=_RING)
    return wide & ~ndimage.binary_dilation(mask, iterations=_GAP)
