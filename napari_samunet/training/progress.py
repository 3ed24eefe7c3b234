"""How a training run gets on: Dice on real slices, a learning curve, and pictures of answers."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from torch import Tensor

from napari_samunet.evaluation.cases import find_cases, read_case
from napari_samunet.evaluation.drawing import (
    ANSWER,
    TRUTH,
    draw_box,
    draw_point,
    draw_slice,
    sheet,
)
from napari_samunet.evaluation.plots import can_plot, plot_curve
from napari_samunet.evaluation.protocol import measure_case
from napari_samunet.evaluation.report import macro_mean
from napari_samunet.models.builtin import contract_of
from napari_samunet.models.samunet import SamUNet
from napari_samunet.models.system import System
from napari_samunet.preprocess.frame import OUTSIDE, Frame
from napari_samunet.training.config import TrainConfig
from napari_samunet.training.interaction import Opening, corrections, draw_opening
from napari_samunet.training.stream import SampleStream
from napari_samunet.types import UInt8Array

SHOWN = 5
"""Synthetic samples in the montage with a box, and as many without."""
ROUNDS = 3
SIDE = 192
SEED = 55_000_001  # no training run has it


class Progress:
    """Looks at the averaged weights of a run every so many steps.

    Parameters
    ----------
    config
        Of the run; ``config.dev`` says how often and on what.
    folder
        Of the run: ``montage.png`` and, with matplotlib, ``curve.png`` are written there beside
        ``log.jsonl``.

    Attributes
    ----------
    latest
        The last dev scores, e.g. ``dev_box``: macro Dice.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.latest: dict[str, float] = {}
        self._samples: list[tuple[Tensor, Tensor]] = []

    def due(self, step: int) -> bool:
        """Whether this step is one to look at."""
        return step % self.config.dev.every_steps == 0 or step == self.config.steps

    def measure(self, model: SamUNet) -> dict[str, float]:
        """Dice on the dev slices as ``samunet evaluate`` measures it; {} where none are named.

        Parameters
        ----------
        model
            The averaged weights; they are copied, so that training goes on undisturbed.
        """
        dev = self.config.dev
        if not dev.folder:
            return {}
        device = next(model.parameters()).device
        system = System("builtin", contract_of(model.config), deepcopy(model), "dev", device)
        cases = [read_case(path) for path in find_cases(dev.folder, dev.every_case)]
        results = [measure_case(case, system, dev.clicks) for case in cases]
        self.latest = {
            f"dev_{name.removeprefix('dice_')}": macro_mean(
                (result.case.modality, result.case.source, result.measures[name])
                for result in results
            )["mean"]
            for name in ("dice_box", "dice_click_1", f"dice_click_{dev.clicks}")
        }
        return self.latest

    def draw(self, model: SamUNet) -> None:
        """Write the montage and the learning curve."""
        shown = deepcopy(model).eval()
        groups = zip(self._drawn_samples(model.config.image_size), (True, False), strict=True)
        rows = [row for group, boxed in groups for row in _montage(shown, *group, boxed)]
        iio.imwrite(self.folder / "montage.png", sheet(rows))
        log = self.folder / "log.jsonl"
        if can_plot() and log.exists():
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            plot_curve(lines, self.folder / "curve.png")

    def _drawn_samples(self, side: int) -> list[tuple[Tensor, Tensor]]:
        """The same samples each time: images and masks (N, 1, S, S), with boxes, then without."""
        if not self._samples:
            scenes = replace(self.config.scenes, pool=4 * SHOWN)
            groups: dict[bool, list[tuple[Tensor, Tensor]]] = {True: [], False: []}
            threads = torch.get_num_threads()
            for image, mask, boxed in SampleStream(scenes, side, SEED):
                groups[boxed].append((image, mask))
                if min(map(len, groups.values())) >= SHOWN:
                    break
            torch.set_num_threads(threads)  # a stream takes one thread for itself
            self._samples = [_stacked(group[:SHOWN]) for group in groups.values()]
        return self._samples


def _stacked(group: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    images, masks = zip(*group, strict=True)
    return torch.stack(images), torch.stack(masks)


@torch.inference_mode()
def _montage(model: SamUNet, images: Tensor, masks: Tensor, boxed: bool) -> list[list[UInt8Array]]:
    """A row for each sample: what was wanted, then the answer and its prompts in each round."""
    rng, device = np.random.default_rng(SEED), next(model.parameters()).device
    prompts = draw_opening(rng, masks, boxed)
    features = model.encode(images.to(device))
    rows = [[_picture(image, [(mask, TRUTH)])] for image, mask in zip(images, masks, strict=True)]
    for _ in range(ROUNDS):
        given = (prompts.points, prompts.labels, prompts.boxes, prompts.logits)
        moved = (None if part is None else part.to(device) for part in given)
        logits = model.decode(features, *moved)[0][:, :1].float().cpu()
        for place, row in enumerate(rows):
            outlines = [(masks[place], TRUTH), (logits[place] > 0, ANSWER)]
            row.append(_picture(images[place], outlines))
            _draw_prompts(row[-1], prompts, place, images.shape[-1])
        prompts = _corrected(rng, prompts, masks, logits)
    return rows


def _corrected(
    rng: np.random.Generator, prompts: Opening, masks: Tensor, logits: Tensor
) -> Opening:
    points, labels = corrections(rng, masks, logits > 0)
    if prompts.points is not None and prompts.labels is not None:
        points = torch.cat([prompts.points, points], 1)
        labels = torch.cat([prompts.labels, labels], 1)
    return Opening(points, labels, prompts.boxes, logits.clamp(OUTSIDE, -OUTSIDE))


def _picture(image: Tensor, outlines: list[tuple[Tensor, tuple[int, int, int]]]) -> UInt8Array:
    shown = (image[0].numpy() * 255).round().astype(np.uint8)
    masks = [(mask[0].numpy(), colour) for mask, colour in outlines]
    return draw_slice(Frame(shown.shape, SIDE), shown, masks)


def _draw_prompts(picture: UInt8Array, prompts: Opening, place: int, side: int) -> None:
    scale = SIDE / side
    if prompts.boxes is not None:
        draw_box(picture, prompts.boxes[place].numpy()[[1, 0, 3, 2]] * scale)
    if prompts.points is not None and prompts.labels is not None:
        labels = prompts.labels[place].tolist()
        for (col, row), label in zip(prompts.points[place].tolist(), labels, strict=True):
            if label >= 0:  # others are padding
                draw_point(picture, (row * scale, col * scale), label == 1)
