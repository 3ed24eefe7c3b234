"""Places of a slice that stand out, found without any model."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.types import FloatArray, UInt8Array

SCALES = (0.04, 0.08, 0.16, 0.28)
"""Radii of blobs as shares of the slice's longer side: from a vessel to an organ."""
_APART = 0.7
"""Blobs nearer than this share of the smaller radius are one."""


def salient_points(shown: UInt8Array, most: int) -> FloatArray:
    """Return the middles (N, 2), (row, column), of what stands out on a slice.

    Extrema of the Laplacian of Gaussians over scales, each normalised by its scale (Lindeberg, IJCV
    1998), of either sign; black is air, and nobody's object. Every scale gives as many, the
    strongest first, or the many small blobs would leave no room for an organ.

    Parameters
    ----------
    shown
        (H, W), the slice as it is displayed.
    most
        Number of places.
    """
    image = shown.astype(np.float32) / 255
    sigmas = [max(share * max(image.shape) / np.sqrt(2), 1.0) for share in SCALES]
    kept: list[tuple[float, float, float]] = []
    for turn, sigma in enumerate(reversed(sigmas), start=1):
        strength = abs(ndimage.gaussian_laplace(image, sigma))
        peaks = np.argwhere((strength == ndimage.maximum_filter(strength, 3)) & (shown > 0))
        strongest = peaks[np.argsort(-strength[tuple(peaks.T)], kind="stable")]
        radius = float(sigma * np.sqrt(2))
        for row, column in strongest:
            if len(kept) >= most * turn // len(sigmas):
                break
            if all(np.hypot(row - r, column - c) > _APART * min(radius, o) for r, c, o in kept):
                kept.append((float(row), float(column), radius))
    return np.array(kept, float).reshape(-1, 3)[:, :2]
