"""A mask that a person painted, in the form of an answer, so that it can be shown and fed back."""

from __future__ import annotations

import numpy as np

from napari_samunet.inference.prediction import Candidate, Prediction
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray

PAINTED_SIDE = 64
"""Of the frame that stands for the whole slice; a model brings ``logits`` into its own."""


def painted_prediction(mask: BoolArray, note: str = "", score: float | None = None) -> Prediction:
    """Return an answer that is exactly ``mask`` (H, W), by default without a score."""
    import torch  # only here: a session that paints nothing needs none

    mask = np.asarray(mask, bool)
    rows, columns = mask.shape
    frame = Frame((rows, columns), PAINTED_SIDE)
    model_logits = torch.from_numpy(frame.mask_to_model(mask, PAINTED_SIDE))
    return Prediction((Candidate(PackedMask.of(mask), score, model_logits, frame),), note)
