"""How an object looks beside its surroundings, learnt from the slices that a person has settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from scipy import ndimage

from napari_samunet.inference.interpolation import nearest_keys, signed_distance
from napari_samunet.types import AnyArray, BoolArray, FloatArray

SCALES = (0.5, 2.0)
"""Pixels of blur: grey values of the tissue itself, and of the tissue with what is around it."""
BINS = 64
UNDECIDED = 20.0
"""Pixels that count as either: an object of a few pixels tells little of its grey values."""
_LEAST_RING = 5.0  # pixels of surroundings that a small object is compared with
_GAP = 1.0  # pixels: partial volume at the edge is neither object nor surroundings
_RARE = 0.003  # share of a grey value that was hardly seen: it tells little either way


class Appearance:
    """Tells object from surroundings by grey values, as on the key slices.

    The evidence is the log of the ratio of two histograms (naive Bayes over ``SCALES``), so it adds
    up with other log-odds. Histograms are those of the key slices, the nearer one counting more.

    Parameters
    ----------
    slice_at
        Intensities (H, W) of the slice of an index.
    keys
        Index to mask (H, W) of the slices that a person has settled, none of them empty.
    """

    def __init__(
        self, slice_at: Callable[[int], FloatArray], keys: Mapping[int, BoolArray]
    ) -> None:
        self._slice_at = slice_at
        self._looks = {index: _Look(slice_at(index), keys[index]) for index in sorted(keys)}
        self.log_odds = lru_cache(1)(self._log_odds)  # a slice is asked for answer and ending

    def evidence(self, index: int, mask: BoolArray) -> float:
        """Return how much a mask (H, W) looks like the object: its mean log-odds, 0 if empty."""
        return float(self.log_odds(index)[mask].mean()) if mask.any() else 0.0

    def _log_odds(self, index: int) -> FloatArray:
        """For each pixel (H, W) of a slice how much it looks like the object, 0: no idea."""
        blurred = _blurred(self._slice_at(index))
        nearest = nearest_keys(self._looks, index)
        return np.sum([share * self._looks[key].log_odds(blurred) for key, share in nearest], 0)


class _Look:
    """Histograms of one key slice, one for each scale."""

    def __init__(self, slice_yx: FloatArray, mask: BoolArray) -> None:
        distance = signed_distance(mask)
        reach = max(_LEAST_RING, float(np.sqrt(mask.sum() / np.pi)))
        around = (distance < -_GAP) & (distance > -reach)
        self._tables = [_table(image[mask], image[around]) for image in _blurred(slice_yx)]

    def log_odds(self, blurred: list[FloatArray]) -> FloatArray:
        sums = np.zeros(blurred[0].shape)
        for image, (edges, odds) in zip(blurred, self._tables, strict=True):
            sums += odds[np.digitize(image, edges)]
        return sums


def _blurred(slice_yx: FloatArray) -> list[FloatArray]:
    return [ndimage.gaussian_filter(slice_yx, scale) for scale in SCALES]


def _table(inside: FloatArray, around: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Edges between the bins, and the log-odds of each bin."""
    low, high = np.quantile(np.concatenate([inside, around]), (0.002, 0.998))
    edges = np.linspace(low, high, BINS + 1)[1:-1]
    counts = [_counts(np.digitize(values, edges)) for values in (inside, around)]
    common = sum(counts) / sum(count.sum() for count in counts)
    shares = [(count + UNDECIDED * common) / (count.sum() + UNDECIDED) for count in counts]
    return edges, np.log((shares[0] + _RARE) / (shares[1] + _RARE))


def _counts(bins: AnyArray) -> FloatArray:
    counts = np.bincount(bins, minlength=BINS).astype(float)
    return ndimage.gaussian_filter1d(counts, 2, mode="nearest")
