"""The brighter and the darker part of what was found: what else a box may mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from napari_samunet.preprocess.roi import extent_of
from napari_samunet.types import AnyArray, BoolArray

SMOOTHING = 0.7
"""Pixels of blur before the parts are told apart."""
LEAST = 4
"""Pixels of a part."""


def brightness_parts(slice_yx: AnyArray, mask: BoolArray) -> Iterator[BoolArray]:
    """Yield the pixels (H, W) of a mask that are brighter than Otsu's threshold (IEEE SMC 1979) of
    its grey values, and the others.

    A box around a ring, a fork or a band is tight around what it encloses as well, so that a model
    may answer with too much; brightness tells which part of that is the object.
    """
    if mask.sum() < 2 * LEAST:
        return
    row0, col0, row1, col1 = extent_of(mask)
    place = (slice(row0, row1 + 1), slice(col0, col1 + 1))
    grey = ndimage.gaussian_filter(np.asarray(slice_yx[place], float), SMOOTHING)
    above = grey > threshold_otsu(grey[mask[place]])
    for side in (above, ~above):
        part = np.zeros_like(mask)
        part[place] = mask[place] & side
        if part.sum() >= LEAST:
            yield part
