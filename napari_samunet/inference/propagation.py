"""Carry a mask through the slices: between two that are known, and outwards until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.special import expit

from napari_samunet.inference.ending import Ending
from napari_samunet.inference.interpolation import shape_between, signed_distance
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.postprocess import overlap
from napari_samunet.inference.prediction import Prediction
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click
from napari_samunet.types import BoolArray

MOST_GROWTH = 2.0
"""An answer that many times larger than the mask before it has spilled into something else."""
LEAST_SHARE = 0.3
"""An answer with less of the area than that has lost the object."""
SMALL_AREA = 64
"""Below so many pixels an area may jump: the tip of an organ does."""
AGREES = 0.98
"""Dice from which on an answer is the one that was there: the correction does not reach further."""
LEAST_LIKENESS = 0.7
"""Dice with the shape between two known slices below which that shape is the better answer."""

SOFT_EDGE = 2.0
"""Pixels over which a known shape fades: so far the model can move its edge."""
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

    Returns
    -------
    dict
        Index to answer, without slices where the object was not found any more.
    """
    found: dict[int, Prediction] = {}
    settled = {index: mask for index, mask in sorted(keys.items()) if np.any(mask)}
    steps = _steps(ask, settled, first, last, known or {}, ending)
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


def like_shape(ask: Ask, index: int, shape: BoolArray) -> Prediction:
    """Answer a slice of which the shape is known roughly: the model and the shape together.

    The model's probability and the shape's, softened by ``SOFT_EDGE`` pixels, are averaged: the
    model moves edges, but cannot leave the shape. Where it contradicts the shape altogether, the
    shape itself stands, with a score of 0.
    """
    prediction = ask(index, carried_prompts(shape))
    if overlap(prediction.mask, shape) < LEAST_LIKENESS:
        return painted_prediction(shape, INTERPOLATED, 0.0)
    return blended(prediction, shape)


def blended(prediction: Prediction, shape: BoolArray) -> Prediction:
    """Return the mean of a prediction's probability and of a shape's (H, W), softened."""
    mean = (expit(prediction.logits) + expit(signed_distance(shape) / SOFT_EDGE)) / 2
    held = painted_prediction(mean > 0.5, HELD, prediction.score)
    return replace(held, score_kind=prediction.score_kind)


def is_lost(before: BoolArray, after: BoolArray) -> bool:
    """Whether an answer does not show the object that the slice before showed."""
    area, previous = int(after.sum()), int(before.sum())
    if not area or not (before & after).any():
        return True
    if max(area, previous) < SMALL_AREA:
        return False
    return area > MOST_GROWTH * previous or area < LEAST_SHARE * previous


def _steps(
    ask: Ask,
    keys: Mapping[int, BoolArray],
    first: int,
    last: int,
    known: Mapping[int, BoolArray],
    ending: Ending | None,
) -> Iterator[tuple[int, Prediction]]:
    """Yield (index, answer) in the order of asking."""
    places = list(keys)
    for low, high in pairwise(places):
        for index in range(max(low + 1, first), min(high - 1, last) + 1):
            shape = shape_between(keys[low], keys[high], (index - low) / (high - low))
            if shape.any():
                yield index, like_shape(ask, index, shape)
    if places and first < places[0]:
        way = range(places[0] - 1, first - 1, -1)
        yield from _outwards(ask, places[0], keys[places[0]], way, known, ending)
    if places and last > places[-1]:
        way = range(places[-1] + 1, last + 1)
        yield from _outwards(ask, places[-1], keys[places[-1]], way, known, ending)


def _outwards(
    ask: Ask,
    key: int,
    mask: BoolArray,
    way: range,
    known: Mapping[int, BoolArray],
    ending: Ending | None,
) -> Iterator[tuple[int, Prediction]]:
    """Yield answers, each prompted by the one before, until the object is lost or has ended.

    One slice that does not look like the object may be an artefact; two in a row are its end.
    """
    odd: list[tuple[int, Prediction]] = []
    for index in way:
        if ending is not None and ending.is_too_far(index, key):
            return
        prediction = ask(index, carried_prompts(mask))
        if is_lost(mask, prediction.mask):
            return
        prediction = blended(prediction, mask)
        if index in known and overlap(known[index], prediction.mask) >= AGREES:
            return
        mask = prediction.mask
        odd.append((index, prediction))
        if ending is None or not ending.is_past(index, mask, key):
            yield from odd
            odd.clear()
        elif len(odd) > 1:
            return
