"""Dice of whole volumes from one, two and three annotated slices, beside geometry alone.

    python docs/measure_propagation.py FOLDER [--model NAME_OR_PATH] [--slices 40] [--json OUT]

FOLDER holds the volumes of the table below. The annotated slices are the reference's own, in the
middle of equal parts of the object. Copying and shape interpolation are told where the object ends.
"own" is what the product does: it finds the ends itself, and may run a few slices too far; "in
range" goes the same way, but is told them. Both join the model's answer with the shape, the
grey values and the features of the annotated slices; the other ways use neither of the last two.
Three more ways are compared on the same volumes: mask to mask from each side, prompts (box and
middle) of the interpolated shape, and the interpolated shape as a mask prompt without a fall-back.
The last lines say how many of the slices that were found in the own way are called doubtful, and
how many of the poor ones (Dice below 0.7) are among these.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from napari_samunet.evaluation.metrics import dice
from napari_samunet.inference.appearance import Appearance
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.interpolation import shape_between
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.propagation import carried_prompts, propagate
from napari_samunet.io.labels import read_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.models.load import load_model
from napari_samunet.preprocess.slicing import take_finite
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, tight_box
from napari_samunet.session.plane import is_low
from napari_samunet.session.session import Session
from napari_samunet.types import BoolArray, SliceRef

VOLUMES = {
    "brain tumour 1": ("pyradiomics/brain1_image.nrrd", "pyradiomics/brain1_label.nrrd"),
    "brain tumour 2": ("pyradiomics/brain2_image.nrrd", "pyradiomics/brain2_label.nrrd"),
    "breast lesion": ("pyradiomics/breast1_image.nrrd", "pyradiomics/breast1_label.nrrd"),
    "glioma": (
        "deepmedic/test/brats_2013_pat0001_1/Flair_subtrMeanDivStd.nii.gz",
        "deepmedic/test/brats_2013_pat0001_1/OTMultiClass.nii.gz",
    ),
    "left atrium 1": ("ua-mt-la/LA_5FKQL4K1_img.nii.gz", "ua-mt-la/LA_5FKQL4K1_leftatrium.nii.gz"),
    "left atrium 2": ("ua-mt-la/LA_8M99G0JL_img.nii.gz", "ua-mt-la/LA_8M99G0JL_leftatrium.nii.gz"),
    "cord, T1": ("sct_testing_data/t1/t1w.nii.gz", "sct_testing_data/t1/t1w_seg-manual.nii.gz"),
    "cord, T2": ("sct_testing_data/t2/t2.nii.gz", "sct_testing_data/t2/t2_seg-manual.nii.gz"),
    "grey matter": (
        "sct_testing_data/t2s/t2s.nii.gz",
        "sct_testing_data/t2s/t2s_gmseg_manual.nii.gz",
    ),
}
POOR = 0.7
BEYOND = 4
"""Slices past the object's ends into which the model may run."""

Masks = Mapping[int, BoolArray]
Ask = Callable[[int, Prompts], Prediction]


def main() -> None:
    """Measure and print a table."""
    args = _arguments()
    engine = Engine(load_model(args.model))
    rows: list[dict] = []
    doubts: dict[int, list[tuple[bool, float]]] = {count: [] for count in args.keys}
    for name, volume, truth in annotated_volumes(args.folder):
        for count in args.keys:
            figures, doubted = _measure(engine, volume, truth, count, args)
            row = {"volume": name, "keys": count, **figures}
            doubts[count] += doubted
            rows.append(row)
            print(_line(row), flush=True)
    for count in args.keys:
        print(_line(_mean([row for row in rows if row["keys"] == count], count)))
    for count, doubted in doubts.items():
        print(_doubt_line(count, doubted))
    write_rows(args.json, rows)


def annotated_volumes(folder: Path) -> Iterator[tuple[str, Volume, BoolArray]]:
    """Yield name, image and reference (Z, Y, X) of each volume of the table above."""
    for name, (image, labels) in VOLUMES.items():
        volume = open_volume(folder / image)
        yield name, volume, read_labels(folder / labels, volume) > 0


def make_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of what is measured, with which model, and where it is written."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="folder of the volumes")
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--json", type=Path, help="write every row here")
    return parser


def write_rows(path: Path | None, rows: list[dict]) -> None:
    """Write every row as JSON, where somebody wants it."""
    if path is not None:
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, nargs="+", default=[1, 2, 3], help="annotated slices")
    parser.add_argument("--slices", type=int, default=40, help="at most so many, from the middle")
    parser.add_argument("--own", action="store_true", help="leave the other ways out")
    return parser.parse_args()


def _measure(
    engine: Engine, volume: Volume, truth: BoolArray, count: int, args: argparse.Namespace
) -> tuple[dict[str, float], list[tuple[bool, float]]]:
    """Dice of each way over the slices that are looked at, and of the own way's slices whether each
    is called doubtful and its Dice.
    """
    there = np.flatnonzero(truth.any(axis=(1, 2)))
    there = there[max(0, (len(there) - args.slices) // 2) :][: args.slices]
    whole = np.flatnonzero(truth.any(axis=(1, 2)))
    low = int(there[0]) - (BEYOND if there[0] == whole[0] else 0)
    high = int(there[-1]) + (BEYOND if there[-1] == whole[-1] else 0)
    low, high = max(low, 0), min(high, len(truth) - 1)
    parts = np.array_split(there, min(count, len(there)))
    keys = {int(part[len(part) // 2]): truth[part[len(part) // 2]] for part in parts}
    ways = {
        "copy": {int(z): keys[min(keys, key=lambda key: abs(key - z))] for z in there},
        "shapes": {int(z): _shape(keys, int(z)) for z in there},
    }

    def ask(index: int, prompts: Prompts) -> Prediction:
        return engine.predict(volume, SliceRef(0, index), prompts)

    found = _own(engine, volume, keys, low, high)
    ways["own"] = {index: answer.mask for index, answer in found.items()}
    looks = Appearance(lambda index: take_finite(volume, SliceRef(0, index)), keys)
    learnt = engine.discriminant(volume, 0, None, keys)
    told = propagate(ask, keys, int(there[0]), int(there[-1]), looks=looks, learnt=learnt)
    ways["in range"] = {index: answer.mask for index, answer in told.items()}
    if not args.own:
        ways["mask to mask"] = _from_each(ask, keys, low, high)
        ways["box and point"] = _between(ask, keys, there, ways["own"], _box_and_middle)
        ways["shape as mask"] = _between(ask, keys, there, ways["own"], carried_prompts)
    doubted = [
        (is_low(answer), dice(answer.mask, truth[index]))
        for index, answer in found.items()
        if index not in keys
    ]
    return {
        name: dice(_flat(_stacked({**way, **keys}, low, high, truth)), _flat(truth[low : high + 1]))
        for name, way in ways.items()
    }, doubted


def _own(engine: Engine, volume: Volume, keys: Masks, low: int, high: int) -> dict[int, Prediction]:
    """Settle the key slices and propagate, as a person does."""
    session = Session(volume, engine)
    for index, mask in keys.items():
        session.paint(mask, index=index)
    found = session.plan_propagation(low, high).run(engine).answers
    return {ref.index: answer for ref, answer in found.items()}


def _from_each(ask: Ask, keys: Masks, low: int, high: int) -> dict[int, BoolArray]:
    """Walk from every key slice to half way to the next."""
    places = sorted(keys)
    ends = [low, *((a + b) // 2 for a, b in pairwise(places)), high]
    masks: dict[int, BoolArray] = {}
    for place, start, end in zip(places, ends[:-1], ends[1:], strict=True):
        found = propagate(ask, {place: keys[place]}, start, end)
        masks |= {index: answer.mask for index, answer in found.items()}
    return masks


def _between(
    ask: Ask,
    keys: Masks,
    there: np.ndarray,
    outside: Masks,
    prompts_of: Callable[[BoolArray], Prompts],
) -> dict[int, BoolArray]:
    """Ask with the interpolated shape between key slices; beyond them as the product does."""
    masks = dict(outside)
    for index in there.tolist():
        if min(keys) < index < max(keys) and index not in keys:
            masks[index] = ask(index, prompts_of(_shape(keys, index))).mask
    return masks


def _box_and_middle(shape: BoolArray) -> Prompts:
    return Prompts(points=[first_click(shape)], labels=[1], box=tight_box(shape))


def _shape(keys: Masks, index: int) -> BoolArray:
    """The shape between the key slices on both sides; beyond them, the nearest one."""
    before = max((key for key in keys if key <= index), default=None)
    after = min((key for key in keys if key >= index), default=None)
    if before is None or after is None or before == after:
        return keys[after if before is None else before]
    return shape_between(keys[before], keys[after], (index - before) / (after - before))


def _flat(mask_zyx: BoolArray) -> BoolArray:
    return mask_zyx.reshape(len(mask_zyx), -1)


def _stacked(masks: Masks, low: int, high: int, truth: BoolArray) -> BoolArray:
    empty = np.zeros(truth.shape[1:], bool)
    return np.stack([masks.get(index, empty) for index in range(low, high + 1)])


def _mean(rows: list[dict], count: int) -> dict:
    ways = [name for name in rows[0] if name not in ("volume", "keys")]
    return {
        "volume": "MEAN",
        "keys": count,
        **{name: float(np.mean([row[name] for row in rows])) for name in ways},
    }


def _doubt_line(keys: int, doubted: list[tuple[bool, float]]) -> str:
    poor = [is_doubtful for is_doubtful, score in doubted if score < POOR]
    found = sum(is_doubtful for is_doubtful, _ in doubted)
    return (
        f"{keys} key  doubtful: {found} of {len(doubted)} slices, "
        f"{sum(poor)} of the {len(poor)} with a Dice below {POOR}"
    )


def _line(row: dict) -> str:
    ways = "  ".join(
        f"{name} {value:.3f}" for name, value in row.items() if name not in ("volume", "keys")
    )
    return f"{row['volume']:<16} {row['keys']} key  {ways}"


if __name__ == "__main__":
    main()
