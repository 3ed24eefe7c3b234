"""A colour has one brightness, by which the session of a picture is found again."""

from __future__ import annotations

import numpy as np

from napari_samunet.io.color import luma


def test_brightness_is_the_same_however_the_colours_lie_in_memory():
    levels = np.arange(256, dtype=np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels[::9], indexing="ij"), axis=-1)
    thousandths = colors.astype(int) @ (299, 587, 114)
    wanted = (thousandths + 499 + thousandths // 1000 % 2) // 1000  # a half goes to the even one
    for axes in ((0, 1, 2), (0, 2, 1), (2, 1, 0)):
        found = luma(colors.transpose(*axes, 3)).transpose(np.argsort(axes))
        np.testing.assert_array_equal(found, wanted)
