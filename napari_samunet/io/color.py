"""Brightness of colour images."""

from __future__ import annotations

import numpy as np

from napari_samunet.types import UInt8Array

_THOUSANDTHS = (299, 587, 114)
"""Weights of red, green and blue in ITU-R BT.601, which JPEG and DICOM's YBR use as well."""


def luma(color: UInt8Array) -> UInt8Array:
    """Brightness (Z, Y, X) of colours (Z, Y, X, 3), both uint8, after ITU-R BT.601, rounded.

    The same for the same colours however they lie in memory: a session is found again by it.
    """
    gray = np.empty(color.shape[:3], dtype=np.uint8)
    weights = np.array(_THOUSANDTHS, dtype=np.float32)  # sums of whole numbers are exact
    for target, plane in zip(gray, color, strict=True):
        target[...] = np.rint(plane.astype(np.float32) @ weights / 1000)
    return gray
