"""How a training run gets on: Dice on real slices, a learning curve, and pictures of answers.

Runs go on where only torch, NumPy and SciPy are installed: pictures are left out where imageio,
scikit-image or matplotlib is missing, and what measures slices is imported only where dev slices
are named.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_samunet.evaluation.plots import can_plot, plot_curve
from napari_samunet.models.builtin import contract_of
from napari_samunet.models.samunet import SamUNet
from napari_samunet.models.system import System
from napari_samunet.training.config import DevConfig, TrainConfig
from napari_samunet.training.log import read_rows
from napari_samunet.training.stream import SampleStream

if TYPE_CHECKING:
    from napari_samunet.evaluation.cases import SliceCase

SHOWN = 5
"""Synthetic samples in the montage with a box, and as many without."""
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

    Raises
    ------
    InputError
        The dev slices cannot be read.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.latest: dict[str, float] = {}
        self._cases = _dev_cases(config.dev)  # now: a slip should not show at the first look
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
        if not self._cases:
            return {}
        from napari_samunet.evaluation.protocol import measure_case
        from napari_samunet.evaluation.report import macro_mean

        device = next(model.parameters()).device
        system = System("builtin", contract_of(model.config), deepcopy(model), "dev", device)
        results = [measure_case(case, system, dev.clicks) for case in self._cases]
        self.latest = {
            f"dev_{name.removeprefix('dice_')}": macro_mean(
                (result.case.modality, result.case.source, result.measures[name])
                for result in results
            )["mean"]
            for name in ("dice_box", "dice_click_1", f"dice_click_{dev.clicks}")
        }
        return self.latest

    def draw(self, model: SamUNet) -> None:
        """Write the montage and the learning curve, as far as this computer can."""
        if find_spec("imageio") and find_spec("skimage"):
            from napari_samunet.training.montage import write_montage

            samples = self._drawn_samples(model.config.image_size)
            write_montage(deepcopy(model).eval(), samples, self.folder / "montage.png")
        if can_plot():
            plot_curve(read_rows(self.folder / "log.jsonl"), self.folder / "curve.png")

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


def _dev_cases(dev: DevConfig) -> list[SliceCase]:
    if not dev.folder:
        return []
    from napari_samunet.evaluation.cases import find_cases, read_case

    return [read_case(path) for path in find_cases(dev.folder, dev.every_case)]


def _stacked(group: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    images, masks = zip(*group, strict=True)
    return torch.stack(images), torch.stack(masks)
