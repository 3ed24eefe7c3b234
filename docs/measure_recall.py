"""Dice of clicks, and of a box, on a slice where the object is known on another, beside the same
prompts alone.

    python docs/measure_recall.py FOLDER [--model NAME_OR_PATH] [--apart 1 4 10 20] [--json OUT]

FOLDER holds the volumes of ``measure_propagation.py``. On up to ``--slices`` slices of each, the
first click is in the middle of the reference, each further one in the middle of the largest error;
the box is tight.
The known slice lies so many slices nearer to the object's middle; "both sides" knows one that many
slices away on either side. Printed are means over the slices, by how far the known slice lies, and
over all volumes, each counting once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from measure_propagation import annotated_volumes, make_parser, write_rows

from napari_samunet.evaluation.metrics import dice
from napari_samunet.geometry import spacing_along
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.recall import Neighbours, recalled, reconsidered
from napari_samunet.io.volume import Volume
from napari_samunet.models.load import load_model
from napari_samunet.preprocess.slicing import take_finite
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, next_click, tight_box
from napari_samunet.types import BoolArray, FloatArray, SliceRef

SMALLEST = 20
"""Pixels of a slice that is clicked."""
CLICKS = 3

Ask = Callable[[Prompts], Prediction]
Row = dict


def main() -> None:
    """Measure and print a table."""
    args = _arguments()
    engine = Engine(load_model(args.model))
    rows: list[Row] = []
    for name, volume, truth in annotated_volumes(args.folder):
        for apart in args.apart:
            rows += _measure(engine, volume, truth, apart, args.slices, name)
        print(_line(name, [row for row in rows if row["volume"] == name]), flush=True)
    for apart in args.apart:
        for sides in ("one side", "both sides"):
            some = [row for row in rows if row["apart"] == apart and row["sides"] == sides]
            print(_line(f"{apart} apart, {sides}", some))
    for near in (True, False):
        for sides in ("one side", "both sides"):
            some = [row for row in rows if row["near"] == near and row["sides"] == sides]
            print(_line(f"{'near' if near else 'far'}, {sides}", some))
    write_rows(args.json, rows)


def _arguments() -> argparse.Namespace:
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--apart", type=int, nargs="+", default=[1, 4, 10, 20], help="slices")
    parser.add_argument("--slices", type=int, default=6, help="of each volume, evenly spread")
    return parser.parse_args()


def _measure(
    engine: Engine, volume: Volume, truth: BoolArray, apart: int, slices: int, name: str
) -> list[Row]:
    there = [int(z) for z in np.flatnonzero(truth.any((1, 2))) if truth[z].sum() >= SMALLEST]
    middle = there[len(there) // 2]
    rows: list[Row] = []
    for z in there[:: max(1, len(there) // slices)]:
        inner = z + apart if z < middle else z - apart
        for sides, known in (("one side", (inner,)), ("both sides", (z - apart, z + apart))):
            if set(known) <= set(there):
                found = _compare(engine, volume, truth, z, known)
                rows.append({"volume": name, "slice": z, "apart": apart, "sides": sides, **found})
    return rows


def _compare(
    engine: Engine, volume: Volume, truth: BoolArray, index: int, known: tuple[int, ...]
) -> Row:
    """Click on one slice and box it, alone and with what is known on others."""

    def slice_at(other: int) -> FloatArray:
        return take_finite(volume, SliceRef(0, other))

    def alone(prompts: Prompts, previous: Prediction | None = None) -> Prediction:
        return engine.predict(volume, SliceRef(0, index), prompts, previous=previous)

    settled = {other: truth[other] for other in known}
    neighbours = Neighbours(index, settled, slice_at, spacing_along(volume.spacing, 0))
    learnt = engine.discriminant(volume, 0, None, settled)

    def beside(prompts: Prompts, previous: Prediction | None = None) -> Prediction:
        answer = alone(prompts, previous)
        if learnt is None:
            return answer
        features = learnt.log_odds(index, answer.frame) if neighbours.tells_features else 0.0
        return reconsidered(answer, prompts, neighbours, features)

    box = Prompts(box=tight_box(truth[index]))
    known_first = _clicked(lambda first: recalled(alone, first, neighbours), beside, truth[index])
    by_itself = _clicked(alone, alone, truth[index])
    return {
        "near": neighbours.is_near,
        "alone": [*by_itself, dice(alone(box).mask, truth[index])],
        "recalled": [*known_first, dice(beside(box).mask, truth[index])],
    }


def _clicked(first: Ask, further: Callable[..., Prediction], truth: BoolArray) -> list[float]:
    """Dice after each click."""
    prompts = Prompts(points=[first_click(truth)], labels=[1])
    answer = first(prompts)
    found = [dice(answer.mask, truth)]
    while len(found) < CLICKS:
        click = next_click(truth, answer.mask)
        if click is not None:
            points, labels = (*prompts.points, click[0]), (*prompts.labels, int(click[1]))
            prompts = replace(prompts, points=points, labels=labels)
            answer = further(prompts, answer)
        found.append(dice(answer.mask, truth))
    return found


def _line(name: str, rows: list[Row]) -> str:
    if not rows:
        return f"{name:24s} none"
    volumes = sorted({str(row["volume"]) for row in rows})
    means = {
        way: np.mean(
            [np.mean([row[way] for row in rows if row["volume"] == v], axis=0) for v in volumes],
            axis=0,
        )
        for way in ("alone", "recalled")
    }
    prompts = (*(f"{count + 1} clicks" for count in range(CLICKS)), "box")
    told = (
        f"{prompt} {alone:.3f} to {recalled:.3f}"
        for prompt, alone, recalled in zip(prompts, *means.values(), strict=True)
    )
    return f"{name:24s} {len(rows):3d} slices   " + "   ".join(told)


if __name__ == "__main__":
    main()
