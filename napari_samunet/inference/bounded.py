"""An earlier answer where a person draws a box afterwards: what lies outside was not meant."""

from __future__ import annotations

import numpy as np

from napari_samunet.inference.postprocess import with_logits
from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.frame import OUTSIDE
from napari_samunet.types import Box


def bounded(answer: Prediction, box_rc: Box) -> Prediction | None:
    """Return an answer without what lies outside a box (row_min, col_min, row_max, col_max), both
    ends of which belong to it; None: nothing is left.
    """
    top, left, bottom, right = (round(edge) for edge in box_rc)
    inside = slice(max(top, 0), bottom + 1), slice(max(left, 0), right + 1)
    logits = np.full(answer.frame.shape, OUTSIDE, np.float32)
    logits[inside] = answer.logits[inside]
    return with_logits(answer, logits)
