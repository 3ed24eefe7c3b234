"""Prompts as people make them: first clicks off-centre, boxes that do not fit, strokes, masks half
painted or half erased, corrections in the largest error.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.prompts.prompts import PAINTED_LOGIT
from napari_samunet.prompts.simulate import largest_part, tight_box
from napari_samunet.types import BoolArray

WRONG = 0.02  # of the corrections: people slip

# How often a batch without boxes begins with what; one click, or several along a stroke, or a mask.
OPENINGS = {"click": 0.74, "stroke": 0.1, "painted": 0.16}


def draw_opening(rng: np.random.Generator, masks: Tensor, boxed: bool) -> PromptTensors:
    """First prompts for targets (B, 1, S, S) bool: a box each, or one of ``OPENINGS``."""
    if boxed:
        return PromptTensors(box_xyxy=draw_boxes(rng, masks))
    kind = rng.choice(list(OPENINGS), p=list(OPENINGS.values()))
    if kind == "painted":
        return PromptTensors(mask_logits=draw_painted(rng, masks))
    if kind == "stroke":
        return PromptTensors(*draw_strokes(rng, masks))
    return PromptTensors(*first_clicks(rng, masks))


def draw_strokes(rng: np.random.Generator, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Two to five positive clicks in each mask, as a stroke of the brush gives them."""
    count = int(rng.integers(2, 6))
    clicks = [first_clicks(rng, masks)[0] for _ in range(count)]
    return torch.cat(clicks, 1), torch.ones(len(masks), count, dtype=torch.int64)


def draw_painted(rng: np.random.Generator, masks: Tensor) -> Tensor:
    """Logits (B, 1, S, S) of masks as people leave them: too large, too small, half erased."""
    painted = []
    for mask in masks[:, 0].numpy():
        reach = int(rng.integers(1, 5))
        if rng.random() < 0.4:
            mask = ndimage.binary_dilation(mask, iterations=reach)
        elif rng.random() < 0.5:
            smaller = ndimage.binary_erosion(mask, iterations=reach)
            mask = smaller if smaller.any() else mask
        painted.append(_half_erased(rng, mask) if rng.random() < 0.5 else mask)
    return torch.from_numpy(np.stack(painted)[:, None]) * (2 * PAINTED_LOGIT) - PAINTED_LOGIT


def _half_erased(rng: np.random.Generator, mask: BoolArray) -> BoolArray:
    """What is left of a mask on one side of a line through one of its pixels."""
    rows, cols = np.nonzero(mask)
    through, angle = rng.integers(len(rows)), rng.uniform(0, 2 * np.pi)
    row, col = np.indices(mask.shape)
    side = (row - rows[through]) * np.cos(angle) + (col - cols[through]) * np.sin(angle)
    return np.asarray(mask & (side >= 0))


def draw_boxes(rng: np.random.Generator, masks: Tensor) -> Tensor:
    """Boxes (B, 4), x0 y0 x1 y1, around masks (B, 1, S, S) bool; corners jittered by 5 % of the
    side, some by 15 %.
    """
    boxes = []
    for mask in masks[:, 0].numpy():
        row0, col0, row1, col1 = tight_box(mask)
        box = np.array([col0, row0, col1, row1], np.float32)
        width, height = box[2] - box[0] + 1, box[3] - box[1] + 1
        sizes = np.array([width, height, width, height])
        amount = 0.15 if rng.random() < 0.1 else 0.05 * rng.random()
        boxes.append(box + rng.uniform(-amount, amount, 4) * sizes)
    return torch.tensor(np.stack(boxes), dtype=torch.float32)


def first_clicks(rng: np.random.Generator, masks: Tensor) -> tuple[Tensor, Tensor]:
    """One positive click in each mask (B, 1, S, S): points (B, 1, 2) x, y and labels (B, 1)."""
    points = [_click_in(rng, mask) for mask in masks[:, 0].numpy()]
    return torch.tensor(points, dtype=torch.float32)[:, None], torch.ones(
        len(points), 1, dtype=torch.int64
    )


def corrections(rng: np.random.Generator, masks: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
    """One click in the largest error of each answer; a right answer gets padding (label -1), and
    few clicks are wrong.

    ``masks`` and ``found`` are (B, 1, S, S) bool.
    """
    points, labels = [], []
    for mask, answer in zip(masks[:, 0].numpy(), found[:, 0].numpy(), strict=True):
        missed, spilled = mask & ~answer, answer & ~mask
        best = max(
            (largest_part(missed), 1), (largest_part(spilled), 0), key=lambda item: item[0].sum()
        )
        if best[0].sum() < 2:
            points.append((0.0, 0.0))
            labels.append(-1)
        else:
            points.append(_click_in(rng, best[0]))
            labels.append(best[1] if rng.random() >= WRONG else 1 - best[1])
    return torch.tensor(points, dtype=torch.float32)[:, None], torch.tensor(labels)[:, None]


def _click_in(rng: np.random.Generator, mask: BoolArray) -> tuple[float, float]:
    """A point (x, y) in the largest part: the deepest one, or any at least a quarter as deep."""
    row0, col0, row1, col1 = tight_box(mask)
    part = largest_part(mask[row0 : row1 + 1, col0 : col1 + 1])
    depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
    least = 1.0 if rng.random() < 0.5 else rng.uniform(0.25, 1)
    candidates = np.argwhere(depth >= least * depth.max())
    row, col = candidates[rng.integers(len(candidates))]
    return float(col0 + col), float(row0 + row)
