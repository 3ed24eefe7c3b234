"""How an object looks to the encoder, learnt from the slices that a person has settled."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_samunet.inference.interpolation import nearest_keys, signed_distance
from napari_samunet.preprocess.frame import OUTSIDE, Frame
from napari_samunet.types import BoolArray, FloatArray

SIDE = 64
"""Features are compared on a grid of so many points a side of the region."""
COARSEST = 16
"""Points a side of the coarsest features: what is coarser tells of places, not of tissue."""
SHRINKAGE = 1.0
"""Variance added to that of each feature, which is 1: one slice says too little of how hundreds of
them go together.
"""
WEIGHT = 0.5
"""Weight beside grey values, model and shape."""
MOST_ODDS = 3.0
"""Log-odds that it has a say with at most, before they are weighted."""
TELLING = 0.5
"""Youden's index on the next key slice from which on what was learnt counts fully."""
_LEAST_RING = 6.0  # grid points of surroundings that a small object is compared with
_SAMPLES = 4  # key slices whose features are kept, some megabytes each
_GAP = 1.0  # grid points: what lies at the edge is neither object nor surroundings

FeaturesAt = Callable[[int, Frame], Mapping[str, Tensor]]
"""What the encoder says of a region of the slice of an index."""
FrameOf = Callable[[int, BoolArray], Frame]
"""The region in which a mask on the slice of an index is looked at."""


class Discriminant:
    """Tells object from surroundings by the encoder's features, as on the key slices.

    Fisher's linear discriminant (Annals of Eugenics 1936) of each key slice, regularised; its value
    is a log-odds where features are normally distributed. It needs no training: a few
    milliseconds learn from a slice as soon as a person has settled it.

    What was learnt on one key slice is tried on the next: the less it tells there, the less it
    counts between the two. A key slice is learnt from when a slice beside it is asked for, so that
    an object of hundreds of settled slices does not begin with a wait.

    Parameters
    ----------
    features_at, frame_of
        The encoder, and where it looks.
    keys
        Index to mask (H, W) of the slices that a person has settled, none of them empty.
    """

    def __init__(
        self, features_at: FeaturesAt, frame_of: FrameOf, keys: Mapping[int, BoolArray]
    ) -> None:
        self._features_at, self._frame_of = features_at, frame_of
        self._keys = dict(sorted(keys.items()))
        self._sample_of = lru_cache(_SAMPLES)(self._sample)
        self._rule_of = lru_cache(None)(lambda index: _rule(self._sample_of(index)))
        self._trust_between = lru_cache(None)(self._tried)

    def log_odds(self, index: int, frame: Frame) -> FloatArray:
        """For each pixel (H, W) of a slice how much it is of the object; 0 outside the region."""
        trust = self.trust(index)
        if not trust:
            return np.zeros(frame.shape)
        maps = self._maps(index, frame)
        odds = sum(
            share * self._rule_of(key).odds_of(maps)
            for key, share in nearest_keys(self._keys, index)
        )
        weighted = WEIGHT * trust * np.clip(odds, -MOST_ODDS, MOST_ODDS)
        on_slice = frame.logits_to_slice(torch.from_numpy(weighted))
        return np.where(on_slice > OUTSIDE, on_slice, 0.0)

    def trust(self, index: int) -> float:
        """Return how far what is learnt on a key slice holds on the next one, 0 to 1.

        Of the two key slices around a slice, or of the two outermost ones past them. By Youden's
        index: the share of the object that is found, less the share of the surroundings that is
        taken for it. 1 where there is one key slice only, and nothing to try it on.
        """
        places = list(self._keys)
        if len(places) == 1:
            return 1.0
        after = min(max(bisect(places, index), 1), len(places) - 1)
        return self._trust_between(places[after - 1], places[after])

    def _tried(self, low: int, high: int) -> float:
        held = [
            _youden(self._rule_of(learnt), self._sample_of(tried))
            for learnt, tried in ((low, high), (high, low))
        ]
        return float(np.clip(np.mean(held) / TELLING, 0, 1))

    def _sample(self, index: int) -> _Sample:
        mask = self._keys[index]
        frame = self._frame_of(index, mask)
        inside = frame.mask_to_model(mask, SIDE) > 0
        distance = signed_distance(inside)
        reach = max(_LEAST_RING, float(np.sqrt(inside.sum() / np.pi)))
        used = inside | ((distance < -_GAP) & (distance > -reach))
        points = torch.cat([_on_grid(features) for features in self._maps(index, frame)])
        return _Sample(points.flatten(1).T.numpy()[used.ravel()], inside[used])

    def _maps(self, index: int, frame: Frame) -> list[Tensor]:
        """Return the features (C, h, w) of a region, one of each resolution."""
        features = self._features_at(index, frame)
        return [
            features[name][0].float().cpu()
            for name in sorted(features)
            if features[name].shape[-1] >= COARSEST
        ]


@dataclass(frozen=True)
class _Sample:
    """Features (N, C) of grid points of a key slice, and which of them are of the object (N,)."""

    points: FloatArray
    inside: BoolArray

    @property
    def is_telling(self) -> bool:
        """Whether there is both object and surroundings."""
        return bool(self.inside.any() and not self.inside.all())


@dataclass(frozen=True)
class _Rule:
    """A linear function of features."""

    weights: FloatArray
    offset: float

    def odds(self, points: FloatArray) -> FloatArray:
        return points @ self.weights + self.offset

    def odds_of(self, maps: list[Tensor]) -> FloatArray:
        """Return the odds (SIDE, SIDE) of a region: weighted first, for one map is less to enlarge
        than all of its features.
        """
        ends = np.cumsum([len(features) for features in maps])[:-1]
        odds = [
            _on_grid(torch.tensordot(torch.from_numpy(weights).float(), features, 1)[None])[0]
            for weights, features in zip(np.split(self.weights, ends), maps, strict=True)
        ]
        return torch.stack(odds).sum(0).numpy() + np.float32(self.offset)


def _rule(sample: _Sample) -> _Rule:
    """Learn from one key slice, where object and surroundings count alike.

    Where one of them is missing the rule says nothing of any pixel.
    """
    points, inside = sample.points, sample.inside
    if not sample.is_telling:
        return _Rule(np.zeros(points.shape[1]), 0.0)
    share = np.where(inside, 0.5 / inside.sum(), 0.5 / (~inside).sum())[:, None]
    spread = np.sqrt((share * (points - (share * points).sum(0)) ** 2).sum(0)) + 1e-6
    scaled = points / spread
    middles = [scaled[side].mean(0) for side in (inside, ~inside)]
    centred = scaled - np.where(inside[:, None], *middles)
    covariance = (centred * share).T @ centred + SHRINKAGE * np.eye(centred.shape[1])
    weights = np.linalg.solve(covariance, middles[0] - middles[1])
    return _Rule(weights / spread, float(-(middles[0] + middles[1]) @ weights / 2))


def _youden(rule: _Rule, sample: _Sample) -> float:
    """Return what a rule tells of a key slice that it was not learnt from, -1 to 1."""
    if not sample.is_telling:
        return 0.0
    taken = rule.odds(sample.points) > 0
    return float(taken[sample.inside].mean() - taken[~sample.inside].mean())


def _on_grid(features: Tensor) -> Tensor:
    """Bring features (C, h, w) to the grid (C, SIDE, SIDE)."""
    size = (SIDE, SIDE)
    return F.interpolate(features[None], size, mode="bilinear", antialias=True)[0]
