"""What the ways of looking are worth: macro Dice with and without them, same weights, same slices.

    python docs/measure_ablation.py SLICES [--every 2]

SLICES is a folder of slice cases; those with masks by people are measured, in one run.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from tqdm import tqdm

from napari_samunet.evaluation.cases import SliceCase, human_cases
from napari_samunet.evaluation.protocol import measure_case
from napari_samunet.evaluation.report import macro_mean
from napari_samunet.inference.trust import trust
from napari_samunet.models.load import load_model
from napari_samunet.models.system import System

VARIANTS: dict[str, dict[str, bool | int]] = {
    "as shipped": {},
    "whole slice only, no closer look": {"zoom": False},
    "earlier answers not fed back": {"mask_side": 0},
}
TRUSTS = {
    "meaning of a click by its IoU alone": lambda meaning, meanings, said: said,
    "by what it shares with the others alone": lambda meaning, meanings, said: trust(
        meaning, meanings, None
    ),
}
COLUMNS = ("dice_box", "dice_box_click_1", "dice_click_1", "dice_click_3", "dice_click_5")
CLICKS = 6


def main() -> None:
    """Measure each variant on every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th case")
    args = parser.parse_args()
    model = load_model("builtin", device="cpu")
    cases = human_cases(args.folder)[:: args.every]
    print(f"{len(cases)} cases; macro Dice: {', '.join(COLUMNS)}")
    for name, changes in VARIANTS.items():
        measure(name, cases, _with(model, changes))
    with patch("napari_samunet.models.pyramid.more_often", lambda grey, *_: torch.zeros_like(grey)):
        measure("grey values in the box or answer not drawn", cases, model)
    for name, other in TRUSTS.items():
        with patch("napari_samunet.inference.zoom.trust", other):
            measure(name, cases, model)


def measure(name: str, cases: list[SliceCase], system: System) -> None:
    """Print the macro Dice of a system, a number for each of ``COLUMNS``."""
    results = [measure_case(case, system, CLICKS) for case in tqdm(cases, desc=name)]
    means = [
        macro_mean((r.case.modality, r.case.source, r.measures[column]) for r in results)
        for column in COLUMNS
    ]
    print(f"{name:44}", *(f"{mean['mean']:.3f}" for mean in means))


def _with(model: System, changes: dict[str, bool | int]) -> System:
    changed = copy.copy(model)
    changed.contract = replace(model.contract, **changes)
    return changed


if __name__ == "__main__":
    main()
