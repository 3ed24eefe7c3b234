"""Carry a mask through the slices: between two that are known, and outwards until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from napari_samunet.inference.appearance import Appearance
from napari_samunet.inference.discriminant import Discriminant
from napari_samunet.inference.ending import Ending
from napari_samunet.inference.interpolation import shape_between, signed_distance, surface_distance
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.postprocess import likeness
from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.frame import Frame
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click
from napari_samunet.types import BoolArray, FloatArray

MOST_GROWTH = 2.0
"""An answer that many times larger than the mask before it has spilled into something else."""
LEAST_SHARE = 0.3
"""An answer with less of the area than that has lost the object."""
SMALL_AREA = 64
"""Below so many pixels an area may jump: the tip of an organ does."""
AGREES = 0.98
"""Dice from which on an answer is the one that was there: the correction does not reach further."""
LEAST_LIKENESS = 0.3
"""Dice with the shape between two known slices below which that shape is the better answer."""

SOFT_EDGE = 3.0
"""Pixels at the edge of an expected shape in which it is one log-odds less sure, at most."""
SHARP_EDGE = 0.5
"""The same beside a key slice, or between two that have the same shape."""
MOST_SURE = 5.0
"""Log-odds that the model has a say with at most, and the shape too."""
ONE_SIDED = 0.5
"""Weight of the evidence past the outermost key slice, where one slice alone tells of them."""
INTERPOLATED = "The model saw something else here, so the shape is interpolated."
HELD = "Held to the shape of the slices around."

Ask = Callable[[int, Prompts], Prediction]
"""Answers prompts on the slice of an index."""
Progress = Callable[[int, Prediction], bool | None]
"""Told each index that was found, and the answer; False stops."""


def propagate(
    ask: Ask,
    keys: Mapping[int, BoolArray],
    first: int,
    last: int,
    progress: Progress | None = None,
    known: Mapping[int, BoolArray] | None = None,
    ending: Ending | None = None,
    looks: Appearance | None = None,
    learnt: Discriminant | None = None,
) -> dict[int, Prediction]:
    """Answer the slices ``first`` to ``last``: between key slices, then outwards from the others.

    Slices on the way to a range that has no key are answered, but not returned.

    Parameters
    ----------
    ask
        Answers prompts on one slice.
    keys
        Index to mask (H, W) of the slices that a person has settled; they are left as they are.
    first, last
        The range, both ends included.
    progress
        Told every index that was found; it stops all by returning False.
    known
        Masks that are there already: where an answer agrees with one, nothing further is asked.
    ending
        Tells where the object ends; None: it ends where the answers jump.
    looks
        Tells the object by its grey values; None: they have no say.
    learnt
        Tells the object by the encoder's features; None: they have no say.

    Returns
    -------
    dict
        Index to answer, without slices where the object was not found any more.
    """
    found: dict[int, Prediction] = {}
    settled = {index: mask for index, mask in sorted(keys.items()) if np.any(mask)}
    way = _Way(ask, known or {}, ending, looks, learnt)
    steps = way.steps(settled, first, last)
    for index, prediction in steps:
        if not first <= index <= last:
            continue
        found[index] = prediction
        if progress is not None and progress(index, prediction) is False:
            break
    return found


def carried_prompts(mask: BoolArray) -> Prompts:
    """Make prompts for the next slice of the mask (H, W) on this one: the mask and its middle.

    No box: the built-in model holds on to a box where the object has moved on. A system that was
    trained with boxes only gets one derived from the mask.
    """
    return Prompts(points=[first_click(mask)], labels=[1], mask=mask)


def joined(prediction: Prediction, shape: FloatArray, evidence: FloatArray | float) -> Prediction:
    """Return what model, shape and evidence say together: the sum of their log-odds.

    Its score is how far the model agrees with the shape, which tells a poor slice better than what
    the model expects of itself.

    Parameters
    ----------
    prediction
        The model's answer.
    shape
        (H, W) log-odds of what the object is expected to be. Without it the model would run into
        neighbours that look alike.
    evidence
        (H, W) log-odds of how the pixels look, or 0.
    """
    said = np.clip(prediction.logits, -MOST_SURE, MOST_SURE)
    expected = np.clip(shape, -MOST_SURE, MOST_SURE)
    agreement = likeness(prediction.mask, shape > 0)
    held = painted_prediction(said + expected + evidence > 0, HELD, agreement)
    return replace(held, score_kind="agreement")


def is_lost(before: BoolArray, after: BoolArray) -> bool:
    """Whether an answer does not show the object that the slice before showed."""
    area, previous = int(after.sum()), int(before.sum())
    if not area or not (before & after).any():
        return True
    if max(area, previous) < SMALL_AREA:
        return False
    return area > MOST_GROWTH * previous or area < LEAST_SHARE * previous


@dataclass(frozen=True)
class _Way:
    """What every step of a propagation goes by; see ``propagate``."""

    ask: Ask
    known: Mapping[int, BoolArray]
    ending: Ending | None
    looks: Appearance | None
    learnt: Discriminant | None

    def steps(
        self, keys: Mapping[int, BoolArray], first: int, last: int
    ) -> Iterator[tuple[int, Prediction]]:
        """Yield (index, answer) in the order of asking."""
        places = list(keys)
        for low, high in pairwise(places):
            way = range(max(low + 1, first), min(high - 1, last) + 1)
            apart = surface_distance(keys[low], keys[high]) if way else 0.0
            for index in way:
                share = (index - low) / (high - low)
                shape = shape_between(keys[low], keys[high], share)
                if shape.any():
                    soft = min(SHARP_EDGE + share * (1 - share) * apart, SOFT_EDGE)
                    yield index, self.between(index, shape, soft)
        if places and first < places[0]:
            way = range(places[0] - 1, first - 1, -1)
            yield from self.outwards(places[0], keys[places[0]], way)
        if places and last > places[-1]:
            way = range(places[-1] + 1, last + 1)
            yield from self.outwards(places[-1], keys[places[-1]], way)

    def between(self, index: int, shape: BoolArray, soft: float) -> Prediction:
        """Answer a slice between two key slices, whose shape is known to some pixels.

        Where the model contradicts the shape altogether, the shape stands, with a score of 0.
        """
        prediction = self.ask(index, carried_prompts(shape))
        if likeness(prediction.mask, shape) < LEAST_LIKENESS:
            return painted_prediction(shape, INTERPOLATED, 0.0)
        evidence = self.evidence(index, prediction.frame)
        return joined(prediction, signed_distance(shape) / soft, evidence)

    def outwards(self, key: int, mask: BoolArray, way: range) -> Iterator[tuple[int, Prediction]]:
        """Yield answers, each prompted by the one before, until the object is lost or has ended.

        One slice that does not look like the object may be an artefact; two in a row are its end.
        """
        settled = mask
        odd: list[tuple[int, Prediction]] = []
        for index in way:
            if self.ending is not None and self.ending.is_too_far(index, key):
                return
            prediction = self.ask(index, carried_prompts(mask))
            if is_lost(mask, prediction.mask):
                return
            evidence = ONE_SIDED * self.evidence(index, prediction.frame)
            prediction = joined(prediction, near(settled, mask) / SOFT_EDGE, evidence)
            if is_lost(mask, prediction.mask):
                return
            if index in self.known and likeness(self.known[index], prediction.mask) >= AGREES:
                return
            mask = prediction.mask
            odd.append((index, prediction))
            if self.ending is None or not self.ending.is_past(index, mask, key):
                yield from odd
                odd.clear()
            elif len(odd) > 1:
                return

    def evidence(self, index: int, frame: Frame) -> FloatArray | float:
        odds: FloatArray | float = 0.0
        if self.looks is not None:
            odds = odds + self.looks.log_odds(index)
        if self.learnt is not None:
            odds = odds + self.learnt.log_odds(index, frame)
        return odds


def near(settled: BoolArray, mask: BoolArray) -> FloatArray:
    """Return pixels to the edge (H, W) half way from a mask to a settled one, moved to its middle.

    Errors of one step would add up with the next ones, if nothing held the shape to what a person
    has seen.
    """
    move = np.subtract(ndimage.center_of_mass(mask), ndimage.center_of_mass(settled))
    moved = ndimage.shift(signed_distance(settled), move, order=1, mode="nearest")
    return (moved + signed_distance(mask)) / 2
