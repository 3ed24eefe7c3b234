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
    """Return an answer whose masks, the other candidates too, lie in an area (H, W); as it is where
    nothing of the chosen one does.
    """
    best = bounded(answer, area)
    if best is None:
        return answer
    others = (rank for rank in range(len(answer.candidates)) if rank != answer.rank)
    further = (bounded(replace(answer, rank=rank), area) for rank in others)
    return offering(best, (item.chosen for item in further if item is not None))
