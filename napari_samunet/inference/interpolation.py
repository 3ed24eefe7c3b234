"""Shapes between two slices that are known."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy import ndimage

from napari_samunet.inference.postprocess import likeness
from napari_samunet.types import BoolArray, FloatArray

MOST_APART = 0.03
"""Dice with each other that the move may cost two masks: it is one by parts of a pixel."""


def shape_between(first: BoolArray, last: BoolArray, share: float) -> BoolArray:
    """Return the mask (H, W) at a share, 0 to 1, of the way from one mask to another.

    Signed distances are mixed (Raya and Udupa, IEEE TMI 1990). Before, both masks are moved to
    where the middle of the object is at that share, else a vessel that runs askew would vanish; but
    not where that takes them apart, as it does where one of several parts ends.

    Parameters
    ----------
    first, last
        Masks (H, W), neither of them empty.
    share
        0 is ``first``, 1 is ``last``.
    """
    near, far = signed_distance(first), signed_distance(last)
    start, end = (np.array(ndimage.center_of_mass(mask)) for mask in (first, last))
    way = end - start
    if likeness(_moved(near, way) > 0, last) >= likeness(first, last) - MOST_APART:
        near, far = _moved(near, share * way), _moved(far, (share - 1) * way)
    return (1 - share) * near + share * far > 0


def _moved(distance: FloatArray, way: FloatArray) -> FloatArray:
    return ndimage.shift(distance, way, order=1, mode="nearest")


def nearest_keys(keys: Collection[int], index: int) -> list[tuple[int, float]]:
    """Return the nearest key slices before and after a slice, and how much each counts there.

    Past the outermost key slice that one alone; the shares add up to 1.
    """
    below = max((key for key in keys if key <= index), default=None)
    above = min((key for key in keys if key >= index), default=None)
    if below is None or above is None or below == above:
        return [(min(keys, key=lambda key: abs(key - index)), 1.0)]
    share = (index - below) / (above - below)
    return [(below, 1 - share), (above, share)]


def signed_distance(mask: BoolArray) -> FloatArray:
    """Return pixels to the edge of a mask (H, W): positive within, negative without."""
    return np.where(
        mask,
        ndimage.distance_transform_edt(mask) - 0.5,
        0.5 - ndimage.distance_transform_edt(~mask),
    )


def surface_distance(first: BoolArray, second: BoolArray) -> float:
    """Return the average symmetric surface distance of two masks (H, W) in pixels.

    The mean over the edges of both of how far the other's edge is. Neither may be empty.
    """
    distances = [abs(signed_distance(mask)) for mask in (first, second)]
    edges = [distance < 1 for distance in distances]
    return float(np.concatenate([distances[0][edges[1]], distances[1][edges[0]]]).mean())
