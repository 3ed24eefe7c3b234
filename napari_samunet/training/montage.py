"""Pictures of what a network in training answers: targets, prompts and answers of some samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from torch import Tensor

from napari_samunet.evaluation.drawing import (
    ANSWER,
    TRUTH,
    draw_box,
    draw_point,
    draw_slice,
    sheet,
)
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.samunet import SamUNet
from napari_samunet.preprocess.frame import OUTSIDE, Frame
from napari_samunet.training.interaction import corrections, draw_opening
from napari_samunet.types import UInt8Array

ROUNDS = 3
SIDE = 192
SEED = 0

Group = tuple[Tensor, Tensor]
"""Images (N, 1, S, S) in [0, 1] and masks (N, 1, S, S) bool."""


def write_montage(model: SamUNet, groups: Sequence[Group], path: Path) -> None:
    """Write a picture with a row for each sample: what was wanted, then round after round.

    Parameters
    ----------
    model
        In evaluation mode.
    groups
        Samples that begin with a box, and samples that begin without.
    path
        PNG to write.
    """
    rows = [
        row
        for group, boxed in zip(groups, (True, False), strict=True)
        for row in _montage(model, *group, boxed)
    ]
    iio.imwrite(path, sheet(rows))


@torch.inference_mode()
def _montage(model: SamUNet, images: Tensor, masks: Tensor, boxed: bool) -> list[list[UInt8Array]]:
    """A row for each sample: what was wanted, then the answer and its prompts in each round."""
    rng, device = np.random.default_rng(SEED), next(model.parameters()).device
    prompts = draw_opening(rng, masks, boxed)
    features = model.encode(images.to(device))
    rows = [[_picture(image, [(mask, TRUTH)])] for image, mask in zip(images, masks, strict=True)]
    for _ in range(ROUNDS):
        logits = model.decode(features, prompts.to(device))[0][:, :1].float().cpu()
        for place, row in enumerate(rows):
            outlines = [(masks[place], TRUTH), (logits[place] > 0, ANSWER)]
            row.append(_picture(images[place], outlines))
            _draw_prompts(row[-1], prompts, place, images.shape[-1])
        prompts = prompts.with_clicks(*corrections(rng, masks, logits > 0))
        prompts = replace(prompts, mask_logits=logits.clamp(OUTSIDE, -OUTSIDE))
    return rows


def _picture(image: Tensor, outlines: list[tuple[Tensor, tuple[int, int, int]]]) -> UInt8Array:
    shown = (image[0].numpy() * 255).round().astype(np.uint8)
    masks = [(mask[0].numpy(), colour) for mask, colour in outlines]
    return draw_slice(Frame(shown.shape, SIDE), shown, masks)


def _draw_prompts(picture: UInt8Array, prompts: PromptTensors, place: int, side: int) -> None:
    scale = SIDE / side
    if prompts.box_xyxy is not None:
        draw_box(picture, prompts.box_xyxy[place].numpy()[[1, 0, 3, 2]] * scale)
    if prompts.points is not None:
        points, labels = (part[place].tolist() for part in prompts.points)
        for (col, row), label in zip(points, labels, strict=True):
            if label >= 0:  # others are padding
                draw_point(picture, (row * scale, col * scale), label == 1)
