"""Planes of different axes cross: what an object is on one holds on a line of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

import numpy as np

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.types import BoolArray, SliceRef


def crossed(mask_hw: BoolArray, ref: SliceRef, others: Mapping[SliceRef, BoolArray]) -> BoolArray:
    """Return the mask of a plane with what planes of other axes are on the lines where they cross.

    Parameters
    ----------
    mask_hw
        (H, W) of ``ref``; itself where nothing crosses it.
    others
        Planes to their masks; those of the same axis do not cross it. The last one wins.
    """
    crossing = {other: mask for other, mask in others.items() if other.axis != ref.axis}
    if not crossing:
        return mask_hw
    mask = mask_hw.copy()
    for other, seen in crossing.items():
        _lines(mask, ref, other.axis)[other.index] = _lines(seen, other, ref.axis)[ref.index]
    return mask


def crossed_answer(
    answer: Prediction, ref: SliceRef, others: Mapping[SliceRef, BoolArray]
) -> Prediction:
    """Return an answer with what planes of other axes are where they cross it, itself if equal."""
    mask = crossed(answer.mask, ref, others)
    if np.array_equal(mask, answer.mask):
        return answer
    held = painted_prediction(mask, answer.note, answer.score)
    return replace(held, score_kind=answer.score_kind, model=answer.model)


def along_axes(masks: Mapping[SliceRef, BoolArray]) -> Iterator[dict[SliceRef, BoolArray]]:
    """Yield planes in their order, together those along one axis, for these cross nowhere."""
    for _axis, refs in groupby(masks, lambda ref: ref.axis):
        yield {ref: masks[ref] for ref in refs}


def are_side_by_side(refs: Mapping[SliceRef, BoolArray]) -> bool:
    """Whether two planes are neighbours: on one that crosses them they are more than a line."""
    return any(SliceRef(ref.axis, ref.index + 1) in refs for ref in refs)


def _lines(mask_hw: BoolArray, ref: SliceRef, axis: int) -> BoolArray:
    """Return the mask of a plane as the lines on which planes along another axis cross it."""
    return np.moveaxis(mask_hw, axis if axis < ref.axis else axis - 1, 0)
