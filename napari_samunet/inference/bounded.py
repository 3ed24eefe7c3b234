"""Answers where a person drew a box or a lasso: what lies outside was not meant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_samunet.inference.postprocess import offering, with_logits
from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.frame import OUTSIDE
from napari_samunet.types import BoolArray, Box


def area_of(box_rc: Box, shape: tuple[int, ...]) -> BoolArray:
    """Return what of a slice (H, W) lies in a box (row_min, col_min, row_max, col_max), both ends
    of which belong to it.
    """
    top, left, bottom, right = (round(edge) for edge in box_rc)
    area = np.zeros(shape, bool)
    area[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = True
    return area


def bounded(answer: Prediction, area: BoolArray) -> Prediction | None:
    """Return the chosen one of an answer's masks without what lies outside an area (H, W); None:
    nothing is left.
    """
    return with_logits(answer, np.where(area, answer.logits, np.float32(OUTSIDE)))


def all_bounded(answer: Prediction, area: BoolArray) -> Prediction:
    """Return an answer whose masks lie in an area (H, W), the chosen one first, without those that
    have nothing there; as it is where none has.
    """
    ranks = sorted(range(len(answer.candidates)), key=lambda rank: rank != answer.rank)
    cut = (bounded(replace(answer, rank=rank), area) for rank in ranks)
    way = answer.chosen.upsample
    # Without logits of their own, which would weigh a hundred times the mask.
    found = [replace(item.chosen, own_logits=None, upsample=way) for item in cut if item]
    if not found:
        return answer
    return offering(replace(answer, candidates=(found[0],), rank=0), found[1:])
