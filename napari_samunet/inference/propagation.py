"""Carry a mask from slice to slice: each answer prompts the next, until the object is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

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

Ask = Callable[[int, Prompts], Prediction]
"""Answers prompts on the slice of an index."""
Progress = Callable[[int], bool | None]
"""Told each index that was answered; False stops."""


def propagate(
    ask: Ask,
    keys: Mapping[int, BoolArray],
    first: int,
    last: int,
    progress: Progress | None = None,
) -> dict[int, Prediction]:
    """Answer the slices ``first`` to ``last``, outwards from the key slices.

    Between two key slices each fills its half. Slices on the way to a range that has no key are
    answered, but not returned.

    Parameters
    ----------
    ask
        Answers prompts on one slice.
    keys
        Index to mask (H, W) of the slices that a person has settled; they are left as they are.
    first, last
        The range, both ends included.
    progress
        Told every answered index; it stops all by returning False.

    Returns
    -------
    dict
        Index to answer, without slices where the object was not found any more.
    """
    found: dict[int, Prediction] = {}
    for start, way in _ways(sorted(key for key in keys if np.any(keys[key])), first, last):
        mask = keys[start]
        for index in way:
            prediction = ask(index, carried_prompts(mask))
            go_on = progress is None or progress(index) is not False
            if is_lost(mask, prediction.mask):
                break
            mask = prediction.mask
            if first <= index <= last:
                found[index] = prediction
            if not go_on:
                return found
    return found


def carried_prompts(mask: BoolArray) -> Prompts:
    """Make prompts for the next slice of the mask (H, W) on this one: the mask and its middle.

    No box: the built-in model holds on to a box where the object has moved on. A system that was
    trained with boxes only gets one derived from the mask.
    """
    return Prompts(points=[first_click(mask)], labels=[1], mask=mask)


def is_lost(before: BoolArray, after: BoolArray) -> bool:
    """Whether an answer does not show the object that the slice before showed."""
    area, previous = int(after.sum()), int(before.sum())
    if not area or not (before & after).any():
        return True
    if max(area, previous) < SMALL_AREA:
        return False
    return area > MOST_GROWTH * previous or area < LEAST_SHARE * previous


def _ways(keys: list[int], first: int, last: int) -> Iterator[tuple[int, range]]:
    """Yield every key slice with the indices to walk from it, in walking order."""
    for number, key in enumerate(keys):
        low = first if number == 0 else (keys[number - 1] + key) // 2 + 1
        high = last if number == len(keys) - 1 else (key + keys[number + 1]) // 2
        # A half that the range does not reach needs no walk.
        if low < key and first < key:
            yield key, range(key - 1, max(low, first) - 1, -1)
        if high > key and last > key:
            yield key, range(key + 1, min(high, last) + 1)
