"""What becomes of a mask when prompts are moved, deleted, painted over or placed in an odd order.

    python docs/measure_orders.py SLICES [--every N]

SLICES is a folder of slice cases; those with masks by people are measured. Macro Dice of the mask
before the last step, after it, and as the model answers all the prompts asked at once; and how many
cases lost more than 0.05 by that step.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from napari_samunet.evaluation.cases import SliceCase, human_cases
from napari_samunet.evaluation.metrics import dice
from napari_samunet.evaluation.report import macro_mean
from napari_samunet.inference.engine import Engine
from napari_samunet.models.load import load_model
from napari_samunet.prompts.simulate import first_click, largest_part, next_click, tight_box
from napari_samunet.session.placed import combine
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef

LOST = 0.05
BESIDE = (8, 20)
"""Pixels from the object at which a removing click is placed before any other."""


class Trial:
    """Somebody who knows the right mask, at one slice."""

    def __init__(self, engine: Engine, case: SliceCase) -> None:
        self.volume, self.truth, self.window = case.volume, case.mask, case.window
        self.engine, self.session = engine, Session(self.volume, engine)

    @property
    def mask(self) -> np.ndarray:
        shown = self.session.preview
        return np.zeros_like(self.truth) if shown is None else shown.mask

    def click(self, count: int) -> None:
        """Click on the object, then in the middle of the largest error."""
        for _ in range(count):
            clicked = bool(self.session.prompts)
            found = next_click(self.truth, self.mask) if clicked else (first_click(self.truth), 1)
            if found is not None:
                self.session.add_point(found[0], positive=bool(found[1]), window=self.window)

    def at_once(self) -> np.ndarray:
        """The model's answer to all prompts that there are, without an earlier one."""
        prompts = combine(self.session.prompts)
        return self.engine.predict(self.volume, SliceRef(0, 0), prompts, self.window).mask


def moved(trial: Trial) -> np.ndarray:
    trial.click(3)
    before, first = trial.mask, trial.session.prompts[0]
    row, column = first.points[0]
    trial.session.move_prompt(first, point_rc=(row, min(column + 1, trial.truth.shape[1] - 1)))
    return before


def deleted(trial: Trial) -> np.ndarray:
    trial.click(4)
    before = trial.mask
    if len(trial.session.prompts) > 1:
        trial.session.remove_prompt(trial.session.prompts[1])
    return before


def shown_otherwise(trial: Trial) -> np.ndarray:
    trial.click(3)
    before, (low, high) = trial.mask, trial.window
    trial.window = (low, high + 0.05 * (high - low))
    trial.click(1)
    return before


def removing_first(trial: Trial) -> np.ndarray:
    far = ndimage.distance_transform_edt(~trial.truth)
    places = np.argwhere((far >= BESIDE[0]) & (far <= BESIDE[1]))
    if len(places):
        beside = tuple(map(float, places[len(places) // 2]))
        trial.session.add_point(beside, positive=False, window=trial.window)
    before = trial.mask
    trial.session.add_point(first_click(trial.truth), window=trial.window)
    return before


def painted(trial: Trial) -> np.ndarray:
    """All but a part at the upper end, which is clicked."""
    truth = trial.truth
    rows, columns = np.indices(truth.shape)
    top, left = np.argwhere(truth)[0]
    radius = 1 + 0.6 * np.sqrt(truth.sum() / np.pi)
    drawn = truth & (np.hypot(rows - top, columns - left) >= radius)
    trial.session.paint(drawn)
    before = trial.mask
    trial.click(3)
    return before


def erased(trial: Trial) -> np.ndarray:
    """The largest leak of the answer to a box."""
    trial.session.add_box(tight_box(trial.truth), window=trial.window)
    leak = largest_part(trial.mask & ~trial.truth)
    trial.session.paint(trial.mask & ~leak)
    before = trial.mask
    trial.click(3)
    return before


ORDERS: dict[str, Callable[[Trial], np.ndarray]] = {
    "three clicks, the first moved by a pixel": moved,
    "four clicks, the second deleted": deleted,
    "three clicks, a fourth in a window 5 % wider": shown_otherwise,
    "a removing click, then one on the object": removing_first,
    "all but a part painted, then three clicks": painted,
    "a box, its leak erased, then three clicks": erased,
}


def main() -> None:
    """Measure each case and print a line for each order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth case")
    args = parser.parse_args()
    engine = Engine(load_model("builtin", device="cpu"))
    cases = human_cases(args.folder)[:: args.every]
    print(f"{len(cases)} cases; macro Dice before, after, all at once; cases that lost > {LOST}")
    for name, order in ORDERS.items():
        found = [measured(engine, case, order) for case in tqdm(cases, desc=name, leave=False)]
        means = [
            macro_mean(
                (c.modality, c.source, one[way]) for c, one in zip(cases, found, strict=True)
            )
            for way in range(3)
        ]
        lost = sum(after < before - LOST for before, after, _ in found)
        print(f"{name:45}", *(f"{mean['mean']:.3f}" for mean in means), lost)


def measured(
    engine: Engine, case: SliceCase, order: Callable[[Trial], np.ndarray]
) -> tuple[float, float, float]:
    """Dice before the last step of an order, after it, and of all asked at once."""
    trial = Trial(engine, case)
    before = order(trial)
    return tuple(dice(mask, case.mask) for mask in (before, trial.mask, trial.at_once()))


if __name__ == "__main__":
    main()
