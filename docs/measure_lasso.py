"""What a lasso is worth whose answer ends at its line: macro Dice.

    python docs/measure_lasso.py SLICES [--every 2]

SLICES is a folder of slice cases; those with masks by people are measured. Lassos are made from the
masks: wide of the object, the same beside it, and drawn along its edge with an unsteady hand. Told
beside the answer is that of the model to the lasso's box and middle, the answer to one click more
in the largest error, and the lasso itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from napari_samunet.evaluation.cases import human_cases
from napari_samunet.evaluation.metrics import dice
from napari_samunet.evaluation.report import macro_mean
from napari_samunet.models.load import load_model
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, next_click, tight_box
from napari_samunet.session.session import Session
from napari_samunet.types import BoolArray

WIDE = 0.15
"""How far outside the object a wide lasso lies, in radii of the object."""
UNSTEADY = 0.08
"""Standard deviation of an unsteady line, in radii."""
COLUMNS = ("the model's answer", "ending at the line", "and one click", "lasso itself")


def main() -> None:
    """Measure the kinds of lassos on every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th case")
    args = parser.parse_args()
    model, rng = load_model("builtin", device="cpu"), np.random.default_rng(0)
    found: dict[str, list[tuple[str, str, list[float]]]] = {}
    for case in tqdm(human_cases(args.folder)[:: args.every]):
        for kind, lasso in lassos(case.mask, rng).items():
            session = Session(case.volume, model)
            session.add_lasso(lasso, index=0, window=case.window)
            asked = Prompts(points=[first_click(lasso)], labels=[1], box=tight_box(lasso))
            alone = session.predict(asked, index=0, window=case.window).mask
            ended = session.preview.mask
            if (correction := next_click(case.mask, ended)) is not None:
                session.add_point(*correction, index=0, window=case.window)
            masks = (alone, ended, session.preview.mask, lasso)
            measured = [dice(case.mask, mask) for mask in masks]
            found.setdefault(kind, []).append((case.modality, case.source, measured))
    print(f"macro Dice of {', '.join(COLUMNS)}; slices that lost or gained over 0.02 by the line")
    for kind, rows in found.items():
        means = [
            macro_mean((modality, source, values[column]) for modality, source, values in rows)
            for column in range(len(COLUMNS))
        ]
        gains = np.array([values[1] - values[0] for *_case, values in rows])
        lost, gained = int((gains < -0.02).sum()), int((gains > 0.02).sum())
        print(f"{kind:34}", *(f"{mean['mean']:.3f}" for mean in means), lost, gained)


def lassos(mask: BoolArray, rng: np.random.Generator) -> dict[str, BoolArray]:
    """What lassos around a mask (H, W) enclose, by kind."""
    radius = np.sqrt(mask.sum() / np.pi)
    inside, outside = (ndimage.distance_transform_edt(part) for part in (mask, ~mask))
    distance = outside - inside
    waves = ndimage.gaussian_filter(rng.standard_normal(mask.shape), max(2, 0.4 * radius))
    aside = max(1, round(WIDE * radius))
    wide = distance <= WIDE * radius
    return {
        "wide of the object": wide,
        "wide, and beside it": ndimage.shift(wide, (aside, aside), order=0),
        "along its edge, unsteady": distance
        <= (UNSTEADY / 2 + UNSTEADY * waves / waves.std()) * radius,
    }


if __name__ == "__main__":
    main()
