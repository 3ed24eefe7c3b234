"""The one place where (row, column) becomes the (x, y) that SAM's prompt encoder reads."""

from __future__ import annotations

import numpy as np

from napari_samunet.types import FloatArray


def to_xy(coordinates_rc: FloatArray) -> FloatArray:
    """Swap rows and columns of points (N, 2) or of a box (4,): (x, y), or x0, y0, x1, y1."""
    pairs = np.asarray(coordinates_rc, np.float64).reshape(-1, 2)
    return pairs[:, ::-1].copy().reshape(np.shape(coordinates_rc))
