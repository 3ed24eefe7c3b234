"""Shapes between two slices that are known."""

from __future__ import annotations

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


def signed_distance(mask: BoolArray) -> FloatArray:
    """Return pixels to the edge of a mask (H, W): positive within, negative without."""
    return np.where(
        mask,
        ndimage.distance_transform_edt(mask) - 0.5,
        0.5 - ndimage.distance_transform_edt(~mask),
    )
