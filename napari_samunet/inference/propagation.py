"""Carry a mask through the slices: between two that are known, and outwards until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from napari_samunet.inference.interpolation import shape_between
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

    Returns
    -------
    dict
        Index to answer, without slices where the object was not found any more.
    """
    found: dict[int, Prediction] = {}
    settled = {index: mask for index, mask in sorted(keys.items()) if np.any(mask)}
    steps = _steps(ask, settled, first, last, known or {})
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
    """Answer a slice between two known ones: the model's answer where it is like their shape.

    Where it is not, the model is unsure or lost, and the shape itself stands, with a score of 0.
    """
    prediction = ask(index, carried_prompts(shape))
    if overlap(prediction.mask, shape) >= LEAST_LIKENESS:
        return prediction
    return painted_prediction(shape, "interpolated", 0.0)


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
) -> Iterator[tuple[int, Prediction]]:
    """Yield (index, answer) in the order of asking."""
    places = list(keys)
    for low, high in pairwise(places):
        for index in range(max(low + 1, first), min(high - 1, last) + 1):
            shape = shape_between(keys[low], keys[high], (index - low) / (high - low))
            if shape.any():
                yield index, like_shape(ask, index, shape)
    if places and first < places[0]:
        yield from _outwards(ask, keys[places[0]], range(places[0] - 1, first - 1, -1), known)
    if places and last > places[-1]:
        yield from _outwards(ask, keys[places[-1]], range(places[-1] + 1, last + 1), known)


def _outwards(
    ask: Ask, mask: BoolArray, way: range, known: Mapping[int, BoolArray]
) -> Iterator[tuple[int, Prediction]]:
    """Yield answers, each prompted by the one before, until the object is lost."""
    for index in way:
        prediction = ask(index, carried_prompts(mask))
        if is_lost(mask, prediction.mask):
            return
        if index in known and overlap(known[index], prediction.mask) >= AGREES:
            return
        mask = prediction.mask
        yield index, prediction
