"""The pixels along the edge of a mask, for pictures and measures; contours run between pixels."""

from __future__ import annotations

import numpy as np

from napari_samunet.types import BoolArray


def outline(mask: BoolArray) -> BoolArray:
    """Mark the pixels of a mask (H, W) with one of their four neighbours outside of it.

    Beyond the image's border is outside, too.
    """
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
