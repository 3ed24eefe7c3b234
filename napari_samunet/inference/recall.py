"""Prompts where the object is known on other slices: they tell what a click means, and how the
object looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from napari_samunet.inference.appearance import Appearance
from napari_samunet.inference.interpolation import shape_between
from napari_samunet.inference.postprocess import likeness, offering, with_logits
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.propagation import MOST_SURE
from napari_samunet.preprocess.roi import extent_of
from napari_samunet.prompts.hits import hits
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, FloatArray

NEAR = 0.5
"""Radii of the object from a settled slice within which its shape is a prompt; the next slice
always is. Farther away it tells only which of the click's meanings is wanted.
"""
LOOKS = 0.3
"""Weight of the grey values beside what the model says."""
EVIDENCE = 0.5
"""Weight of grey values and features beside an answer to prompts that say what is meant."""
MARGIN = 12
"""Pixels, beside a radius, around the object in which grey values are compared."""

Ask = Callable[[Prompts], Prediction]
"""Answers prompts on the slice of the click."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What an object is on the settled slices next to one where it is clicked.

    Parameters
    ----------
    index
        The slice that is clicked.
    masks
        Index to mask (H, W), not empty, of the nearest settled slice before, after, or both.
    slice_at
        Intensities (H, W) of the slice of an index.
    spacing
        Millimetres from slice to slice, and along rows and columns.
    """

    index: int
    masks: Mapping[int, BoolArray]
    slice_at: Callable[[int], FloatArray]
    spacing: tuple[float, float, float]

    @cached_property
    def shape(self) -> BoolArray:
        """The mask (H, W) to expect on the slice."""
        first, *rest = sorted(self.masks)
        if not rest:
            return self.masks[first]
        share = (self.index - first) / (rest[0] - first)
        return shape_between(self.masks[first], self.masks[rest[0]], share)

    @cached_property
    def is_near(self) -> bool:
        """Whether a settled slice is so near that the shape is about the same."""
        slices = min(abs(index - self.index) for index in self.masks)
        between, row, column = self.spacing
        radius = np.sqrt(self.shape.sum() * row * column / np.pi)
        return bool(slices <= max(1, NEAR * radius / between))

    @property
    def tells_features(self) -> bool:
        """Whether the encoder's features of the settled slices hold here: what is learnt on a
        single one does not reach far.
        """
        return self.is_near or len(self.masks) > 1

    @cached_property
    def looks(self) -> FloatArray:
        """Log-odds (H, W) that a pixel is of the object by its grey value, 0 far from it."""
        place = self._surroundings()
        masks = {index: mask[place] for index, mask in self.masks.items()}
        appearance = Appearance(lambda index: self.slice_at(index)[place], masks)
        odds = np.zeros(self.shape.shape)
        odds[place] = appearance.log_odds(self.index)
        return odds

    def likeness(self, mask: BoolArray) -> float:
        """How much a mask (H, W) overlaps the settled one that it is most like (Dice)."""
        return max(likeness(mask, settled) for settled in self.masks.values())

    def _surroundings(self) -> tuple[slice, slice]:
        row0, col0, row1, col1 = extent_of(np.any([*self.masks.values(), self.shape], axis=0))
        radius = np.sqrt(max(mask.sum() for mask in self.masks.values()) / np.pi)
        margin = round(radius) + MARGIN
        return (
            slice(max(row0 - margin, 0), row1 + margin + 1),
            slice(max(col0 - margin, 0), col1 + margin + 1),
        )


def recalled(ask: Ask, prompts: Prompts, neighbours: Neighbours) -> Prediction:
    """Answer first clicks on an object that is known on other slices.

    Near those, a click inside the shape to expect means that very object: the model sees the shape
    as a mask prompt, and grey values of the object count as well. What the click alone may mean
    comes behind it as further candidates. Elsewhere these stay, the one most like the shape first.

    Parameters
    ----------
    ask
        Answers prompts on the slice.
    prompts
        Clicks alone, one of them on the object.
    neighbours
        What is known.
    """
    first = carried(ask, prompts, neighbours)
    answer = ask(prompts)
    if first is not None:
        return offering(first, answer.candidates)
    alike = [neighbours.likeness(candidate.mask) for candidate in answer.candidates]
    return _put_first(answer, int(np.argmax(alike)))


def carried(ask: Ask, prompts: Prompts, neighbours: Neighbours) -> Prediction | None:
    """Answer with the shape of the slices nearby as a mask prompt; None: the clicks are not on it,
    it is too far, or nothing was found.
    """
    on_it = hits(neighbours.shape, prompts.points) & np.asarray(prompts.labels, bool)
    if not neighbours.is_near or not on_it.any():
        return None
    answer = ask(replace(prompts, mask=neighbours.shape))
    return _weighed(answer, LOOKS * neighbours.looks)


def reconsidered(
    answer: Prediction, prompts: Prompts, neighbours: Neighbours, features: FloatArray | float
) -> Prediction:
    """Weigh an answer to a box or to a correction with how the object looks on settled slices.

    The model's own answer comes behind it as a further candidate, and stands where the other would
    contradict a click that it obeys.

    Parameters
    ----------
    answer, prompts
        What the model says of which prompts.
    neighbours
        What is known.
    features
        Log-odds (H, W) that a pixel is of the object by the encoder's features; 0 where they tell
        nothing, see ``Neighbours.tells_features``.
    """
    first = _weighed(answer, EVIDENCE * (LOOKS * neighbours.looks + features))
    if first is None or (_obeyed(answer, prompts) & ~_obeyed(first, prompts)).any():
        return answer
    return offering(first, answer.candidates)


def _weighed(answer: Prediction, odds: FloatArray) -> Prediction | None:
    """Add log-odds (H, W) to those of an answer; None: nothing is left of it."""
    logits = (np.clip(answer.logits, -MOST_SURE, MOST_SURE) + odds).astype(np.float32)
    return with_logits(answer, logits)


def _obeyed(answer: Prediction, prompts: Prompts) -> BoolArray:
    """Return which clicks (N,) a mask agrees with."""
    return hits(answer.mask, prompts.points) == np.asarray(prompts.labels, bool)


def _put_first(answer: Prediction, rank: int) -> Prediction:
    chosen = answer.candidates[rank]
    others = [other for other in answer.candidates if other is not chosen]
    return replace(answer, candidates=(chosen, *others), rank=0)
