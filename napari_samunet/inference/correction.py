"""What clicks change of a mask that a hand has worked on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import ndimage

from napari_samunet.inference.postprocess import likeness, offering
from napari_samunet.inference.prediction import Candidate, Prediction
from napari_samunet.packed import PackedMask
from napari_samunet.prompts.hits import hits

SKETCH = 0.7
"""Dice of a painted mask with the model's answer below which it is a sketch, to be filled in."""


def corrected_there(
    answer: Prediction, before: Prediction, points_rc: ArrayLike, positive: bool
) -> Prediction:
    """Return ``before``, which a hand has worked on, with what the latest clicks changed of it.

    That is what of the model's answer hangs together with them and goes their way, as in FocalClick
    (arXiv 2204.02574): the model judges all of the mask again, and would undo by the way what the
    hand did. Of a sketch all that goes their way is taken. Where a click finds nothing to change,
    the mask stays. The model's own answer comes behind as a further candidate.

    Parameters
    ----------
    answer
        What the model says.
    before
        What was corrected.
    points_rc, positive
        The latest clicks (N, 2), and whether they show the object.
    """
    changed = (answer.mask != before.mask) & (answer.mask == positive)
    meant = changed
    if likeness(answer.mask, before.mask) >= SKETCH:
        parts, _ = ndimage.label(changed)
        meant = np.isin(parts, np.setdiff1d(hits(parts, points_rc), 0))
    logits = np.where(meant, answer.logits, before.logits).astype(np.float32)
    side = answer.model_logits.shape[-1]
    fed_back = torch.from_numpy(answer.frame.logits_to_model(logits, side))
    packed = PackedMask.of(np.where(meant, positive, before.mask))
    # Without logits of its own, which would weigh a hundred times the mask.
    kept = Candidate(packed, answer.score, fed_back, answer.frame, answer.chosen.upsample)
    return offering(replace(answer, candidates=(kept,), rank=0), answer.candidates)
