"""An outline is one pixel wide and lies inside the mask."""

from __future__ import annotations

import numpy as np

from napari_samunet.io.outline import outline


def test_an_outline_is_closed_where_a_mask_leaves_the_image():
    mask = np.zeros((5, 6), bool)
    mask[1:, 1:5] = True
    inside = np.zeros_like(mask)
    inside[2:4, 2:4] = True
    np.testing.assert_array_equal(outline(mask), mask & ~inside)
