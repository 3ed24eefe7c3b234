"""What a training answer is judged by: focal and Dice loss on masks, squared error on the predicted
IoU (SAM).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

FOCAL_WEIGHT = 20.0


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Focal (gamma 2) plus Dice loss of each mask; both (B, K, S, S), returns (B, K)."""
    target = masks.float()
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = ((1 - (-entropy).exp()) ** 2 * entropy).mean((-2, -1))
    inside = logits.sigmoid()
    overlap = 2 * (inside * target).sum((-2, -1)) + 1
    dice = 1 - overlap / (inside.sum((-2, -1)) + target.sum((-2, -1)) + 1)
    return FOCAL_WEIGHT * focal + dice


def overlap_iou(logits: Tensor, masks: Tensor) -> Tensor:
    """IoU of thresholded logits with masks, (B, K)."""
    found = logits > 0
    both = (found & masks).sum((-2, -1)).float()
    return both / (found | masks).sum((-2, -1)).clamp(min=1)


def answer_loss(
    logits: Tensor, scores: Tensor, masks: Tensor, ambiguous: bool, judged: bool = False
) -> Tensor:
    """Loss of one round: mask 0 always; after a single click also the best of masks 1 to 3; scores
    of all these. Where another meaning is only ``judged``, its score alone.

    ``logits`` (B, 4, S, S), ``scores`` (B, 4), ``masks`` (B, 1, S, S) bool.
    """
    count = logits.shape[1] if ambiguous else 1
    logits, scores = logits[:, :count], scores[:, :count]
    masks = masks.expand_as(logits)
    misjudged = (scores - overlap_iou(logits.detach(), masks)).square().mean()
    if judged:
        return misjudged
    losses = mask_loss(logits, masks)
    total = losses[:, 0].mean()
    if ambiguous:
        total = total + losses[:, 1:].amin(1).mean()
    return total + misjudged
