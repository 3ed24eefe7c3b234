"""Telling a CT by its numbers, where the file format has no word for the modality."""

from __future__ import annotations

import numpy as np

from napari_samunet.types import AnyArray

LOWEST, HIGHEST = -4096, 32767
AIR, SOFT_TISSUE = (-1100, -900), (-200, 200)
LEAST_SHARE = 0.03
TAKEN_FOR_CT = "taken for a CT by its values (air near -1000, soft tissue near 0)"
_MOST_SAMPLES = 500_000


def looks_like_ct(array: AnyArray) -> bool:
    """Whether voxels (Z, Y, X) are in Hounsfield units: air and soft tissue where CT has them.

    NIfTI and NRRD do not tell a CT from an MR, but a liver is invisible in a window made for all
    of a CT's range. Air is -1000 and water 0 by definition of the unit (DICOM PS3.3 C.11.1.1.2);
    no MR, ultrasound or standardised image has a peak at -1000.
    """
    if array.dtype.kind not in "if":
        return False
    sample = array.reshape(-1)[:: max(1, array.size // _MOST_SAMPLES) | 1]
    sample = sample[np.isfinite(sample)]
    if not sample.size or sample.min() < LOWEST or sample.max() > HIGHEST:
        return False
    return all(
        np.mean((sample >= low) & (sample <= high)) >= LEAST_SHARE
        for low, high in (AIR, SOFT_TISSUE)
    )
