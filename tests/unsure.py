"""A model's answer that little evidence can change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction


def unsure_of(mask: np.ndarray, logit: float = 0.5) -> Prediction:
    """An answer that is exactly a mask (H, W), with logits this far from 0."""
    painted = painted_prediction(mask)
    logits = np.where(mask, logit, -logit).astype(np.float32)
    return replace(painted, candidates=(replace(painted.chosen, own_logits=logits),))
