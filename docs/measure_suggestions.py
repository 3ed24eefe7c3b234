"""How often one of the first five suggestions is a structure that somebody labelled.

    python docs/measure_suggestions.py SLICES [--model NAME_OR_PATH] [--every 8]

SLICES is a folder of slice cases. Cases of one image are one slice with several structures. Printed
are, over slices with one labelled structure, the share where one of five suggestions matches it
(IoU of at least 0.5), and over slices with several, the share of the suggestions that match some.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from napari_samunet.evaluation.cases import SliceCase, find_cases, read_case
from napari_samunet.evaluation.metrics import iou
from napari_samunet.models.load import load_model
from napari_samunet.session.session import Session

MATCH = 0.5
MOST = 5


def main() -> None:
    """Measure and print every slice, then the two shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th slice")
    args = parser.parse_args()
    model = load_model(args.model)
    slices = _slices([read_case(path) for path in find_cases(args.folder)])[:: args.every]
    one, many = [], []
    for cases in slices:
        matches = _matches(cases, Session(cases[0].volume, model), cases[0].window)
        (one if len(cases) == 1 else many).append(matches)
        print(f"{cases[0].name}: {sum(matches)} of {len(matches)} match", flush=True)
    hit = float(np.mean([any(found) for found in one])) if one else float("nan")
    right = float(np.mean([np.mean(found or [False]) for found in many])) if many else float("nan")
    print(f"one structure: {hit:.0%} of {len(one)} slices have a match among {MOST}")
    print(f"several: {right:.0%} of the suggestions match, over {len(many)} slices")


def _slices(cases: list[SliceCase]) -> list[list[SliceCase]]:
    """Put cases of the very same image together."""
    groups: dict[bytes, list[SliceCase]] = defaultdict(list)
    for case in cases:
        groups[case.image.tobytes()].append(case)
    return list(groups.values())


def _matches(cases: list[SliceCase], session: Session, window: tuple[float, float]) -> list[bool]:
    found = session.suggest(window=window, most=MOST)
    return [any(iou(case.mask, item.mask) >= MATCH for case in cases) for item in found]


if __name__ == "__main__":
    main()
