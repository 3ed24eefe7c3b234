"""Shapes between two slices that are known."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy import ndimage

from napari_samunet.types import BoolArray, FloatArray


def shape_between(first: BoolArray, last: BoolArray, share: float) -> BoolArray:
    """Return the mask (H, W) at a share, 0 to 1, of the way from one mask to another.

    Signed distances are mixed (Raya and Udupa, IEEE TMI 1990), after both masks were moved to where
    the middle of the object is at that share; else a vessel that runs askew would vanish.

    Parameters
    ----------
    first, last
        Masks (H, W), neither of them empty.
    share
        0 is ``first``, 1 is ``last``.
    """
    middles = [np.array(ndimage.center_of_mass(mask)) for mask in (first, last)]
    middle = (1 - share) * middles[0] + share * middles[1]
    near, far = (
        ndimage.shift(signed_distance(mask), middle - own, order=1, mode="nearest")
        for mask, own in zip((first, last), middles, strict=True)
    )
    return (1 - share) * near + share * far > 0


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
