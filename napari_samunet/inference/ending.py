"""Where an object ends: the mask does not look like it any more, or is farther than it is wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_samunet.inference.appearance import Appearance
from napari_samunet.types import BoolArray

LEAST_SHARE = 0.3
"""Of the evidence on the key slice: with less, the object is gone and the mask a ghost of it."""
NOISE = 12.0
"""Mean log-odds below which a mask of one pixel is not told by its looks; of n, by 1 / √n of it.

In pure noise 95 % of drawn images stay below 8 (9 to 613 pixels).
"""
REACH = 1.0
"""In radii: how far an object goes on past key slices that do not show it to be long."""


class Ending:
    """Compares how much a mask looks like the object with how much it did on the key slices.

    Parameters
    ----------
    looks
        The appearance that was learnt from ``keys``.
    keys
        Index to mask (H, W) of the slices that a person has settled.
    spacing
        Millimetres from slice to slice, and along rows and columns.
    """

    def __init__(
        self, looks: Appearance, keys: Mapping[int, BoolArray], spacing: Sequence[float]
    ) -> None:
        self._looks = looks
        self._evidence = {
            index: evidence
            for index, mask in keys.items()
            if (evidence := looks.evidence(index, mask)) > NOISE / np.sqrt(mask.sum())
        }
        self._reach = _reach(keys, spacing)

    def is_too_far(self, index: int, key: int) -> bool:
        """Whether a slice lies farther from the key slice than the object is likely to go on."""
        return abs(index - key) > self._reach

    def is_past(self, index: int, mask: BoolArray, key: int) -> bool:
        """Whether a mask that was carried from the slice ``key`` does not look like the object."""
        wanted = self._evidence.get(key)
        return wanted is not None and self._looks.evidence(index, mask) < LEAST_SHARE * wanted


def _reach(keys: Mapping[int, BoolArray], spacing: Sequence[float]) -> float:
    """Slices that an object goes on past its outermost key slices; no limit to a long one."""
    between, row, column = spacing
    widest = max(int(mask.sum()) for mask in keys.values())
    radius = np.sqrt(widest * row * column / np.pi)
    length = (max(keys) - min(keys)) * between
    # One slice tells nothing of the length, nor do such as lie close together.
    if length < radius or length > 2 * radius:
        return np.inf
    # Where slices are thicker than the object is wide, the neighbour still shows a part of it.
    return max(REACH * radius / between, 1.0)
