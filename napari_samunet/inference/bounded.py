"""An earlier answer where a person draws a box afterwards: what lies outside was not meant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from napari_samunet.inference.prediction import Prediction
from napari_samunet.packed import PackedMask
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
    mask = PackedMask.of(logits > 0)
    if mask.is_empty:
        return None
    side = answer.model_logits.shape[-1]
    fed_back = torch.from_numpy(answer.frame.logits_to_model(logits, side))
    cut = replace(answer.chosen, packed=mask, model_logits=fed_back, upsample="", own_logits=logits)
    return replace(answer, candidates=(cut,), rank=0)
