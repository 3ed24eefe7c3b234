"""What lies under clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.types import BoolArray


def hits(mask: BoolArray, points_rc: ArrayLike) -> BoolArray:
    """Return for each point (P, 2), row and column, whether its pixel of a mask (H, W) is set.

    A point on the outer rim of the image counts for the pixel beside it.
    """
    rows, columns = np.rint(np.asarray(points_rc, float)).astype(int).T
    height, width = mask.shape
    return np.asarray(mask[rows.clip(0, height - 1), columns.clip(0, width - 1)])
