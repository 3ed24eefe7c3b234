"""From logits of the model frame to answers on the slice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from napari_samunet.inference.prediction import Candidate, Prediction, ScoreKind
from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import MaskTensors
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray, FloatArray

STABILITY_OFFSET = 1.0
SAME = 0.95
"""Dice from which on two answers to the same prompts are not worth being offered apart."""


def assemble(masks: MaskTensors, frame: Frame, contract: InputContract, note: str) -> Prediction:
    """Make a prediction of the candidates of one decoding, best first."""
    kind: ScoreKind = "iou" if masks.scores is not None else "stability"
    if masks.scores is None:
        scores = [stability_score(logits) for logits in masks.logits]
    else:
        scores = [min(max(float(score), 0.0), 1.0) for score in masks.scores]
    way = contract.upsample
    candidates = []
    for logits, score in zip(masks.logits, scores, strict=True):
        mask = PackedMask.of(frame.logits_to_slice(logits, way) > 0)
        # A copy: a part of all logits would keep them all.
        candidates.append(Candidate(mask, score, logits.detach().clone(), frame, way))
    return Prediction(tuple(candidates), note, score_kind=kind)


def offering(best: Prediction, further: Iterable[Candidate]) -> Prediction:
    """Add candidates behind those of an answer, but none that is empty or looks like another."""
    candidates = list(best.candidates)
    known = [candidate.mask for candidate in candidates]
    for found in further:
        mask = found.mask
        if mask.any() and max(likeness(mask, other) for other in known) < SAME:
            candidates.append(found)
            known.append(mask)
    return replace(best, candidates=tuple(candidates))


def with_logits(answer: Prediction, logits: FloatArray) -> Prediction | None:
    """Return an answer that is logits (H, W) of the slice alone; None: there is nothing in them."""
    mask = PackedMask.of(logits > 0)
    if mask.is_empty:
        return None
    side = answer.model_logits.shape[-1]
    fed_back = torch.from_numpy(answer.frame.logits_to_model(logits, side))
    own = logits.astype(np.float16)
    only = Candidate(mask, answer.score, fed_back, answer.frame, own_logits=own)
    return replace(answer, candidates=(only,), rank=0)


def stability_score(logits: Tensor) -> float:
    """IoU of the mask at a higher and at a lower threshold (segment_anything's stability score)."""
    inner = (logits > STABILITY_OFFSET).sum()
    outer = (logits > -STABILITY_OFFSET).sum()
    return float(inner / outer) if outer else 0.0


def likeness(first: BoolArray, second: BoolArray) -> float:
    """Dice of two masks (H, W); 0 where both are empty, for nothing confirms nothing.

    Unlike ``evaluation.metrics.dice``, by which two empty masks are equal.
    """
    size = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / size if size else 0.0
