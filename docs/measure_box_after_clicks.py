"""What becomes of an answer to clicks when a box is drawn afterwards: macro Dice of three ways.

    python docs/measure_box_after_clicks.py SLICES

SLICES is a folder of slice cases; those with masks by people are measured. *fed back*: the earlier
answer whole; *afresh*: none; *bounded*: what of it lies in the box, which is what a session does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from napari_samunet.evaluation.cases import SliceCase, human_cases
from napari_samunet.evaluation.metrics import dice
from napari_samunet.evaluation.report import macro_mean
from napari_samunet.inference.bounded import area_of, bounded
from napari_samunet.inference.engine import Engine
from napari_samunet.models.load import load_model
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, next_click, tight_box
from napari_samunet.types import SliceRef

WAYS = ("clicks alone", "box alone", "fed back", "afresh", "bounded")
MOST_CLICKS = 3


def main() -> None:
    """Measure each case and print a line for each number of clicks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    engine = Engine(load_model("builtin", device="cpu"))
    cases = human_cases(parser.parse_args().folder)
    found = [(case, measured(engine, case)) for case in tqdm(cases)]
    print(f"{len(cases)} cases; macro Dice: {', '.join(WAYS)}")
    for clicks in range(MOST_CLICKS):
        means = [
            macro_mean((case.modality, case.source, each[clicks][way]) for case, each in found)
            for way in range(len(WAYS))
        ]
        print(f"{clicks + 1} clicks", *(f"{mean['mean']:.3f}" for mean in means))


def measured(engine: Engine, case: SliceCase) -> list[list[float]]:
    """Dice of ``WAYS`` after each click."""
    volume, place, window = case.volume, SliceRef(0, 0), case.window
    truth, box = case.mask, tight_box(case.mask)
    alone = engine.predict(volume, place, Prompts(box=box), window)
    prompts, answer, rows = Prompts(points=[first_click(truth)], labels=[1]), None, []
    for _ in range(MOST_CLICKS):
        answer = engine.predict(volume, place, prompts, window, answer)
        both = Prompts(points=prompts.points, labels=prompts.labels, box=box)
        earlier = (answer, None, bounded(answer, area_of(box, truth.shape)))
        after = [engine.predict(volume, place, both, window, before) for before in earlier]
        rows.append([dice(item.mask, truth) for item in (answer, alone, *after)])
        correction = next_click(truth, answer.mask)
        if correction is not None:
            prompts = prompts.with_point(*correction)
    return rows


if __name__ == "__main__":
    main()
