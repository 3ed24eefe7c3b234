"""Places of a slice that stand out, found without any model."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.types import FloatArray, UInt8Array

SCALES = (0.015, 0.03, 0.06, 0.12)
"""Radii of blobs as shares of the slice's longer side: from a lymph node to an organ."""
_APART = 0.7
"""Blobs nearer than this share of the larger radius are one."""


def salient_points(shown: UInt8Array, most: int) -> FloatArray:
    """Return the middles (N, 2), (row, column), of what stands out on a slice, strongest first.

    Extrema of the Laplacian of Gaussians over scales, each normalised by its scale (Lindeberg, IJCV
    1998), of either sign; black is air, and nobody's object.

    Parameters
    ----------
    shown
        (H, W), the slice as it is displayed.
    most
        Number of places.
    """
    image = shown.astype(np.float32) / 255
    sigmas = [max(share * max(image.shape) / np.sqrt(2), 1.0) for share in SCALES]
    strength = np.stack([abs(s**2 * ndimage.gaussian_laplace(image, s)) for s in sigmas])
    peaks = (strength == ndimage.maximum_filter(strength, size=3)) & (shown > 0)
    found = np.argwhere(peaks)
    order = np.argsort(-strength[tuple(found.T)], kind="stable")
    kept: list[tuple[float, float, float]] = []
    for scale, row, column in found[order]:
        radius = sigmas[scale] * np.sqrt(2)
        apart = (
            np.hypot(row - r, column - c) > _APART * max(radius, other) for r, c, other in kept
        )
        if all(apart):
            kept.append((float(row), float(column), float(radius)))
        if len(kept) == most:
            break
    return np.array(kept, float).reshape(-1, 3)[:, :2]
