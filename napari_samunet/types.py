"""Words for arrays and planes that every station of the line shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
UInt8Array = NDArray[np.uint8]
UInt16Array = NDArray[np.uint16]
IntArray = NDArray[np.integer]
AnyArray = NDArray[Any]

Window = tuple[float, float]
"""Lowest and highest displayed intensity, in the units of the file (HU for CT)."""

Box = tuple[float, float, float, float]
"""(row_min, col_min, row_max, col_max) of a slice; both ends belong to the object."""


@dataclass(frozen=True, order=True)
class SliceRef:
    """One plane of a volume: axis 0 shows (Y, X), axis 1 (Z, X), axis 2 (Z, Y)."""

    axis: int
    index: int
