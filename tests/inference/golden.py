"""Fixed prompts on the sample CT and the masks that the shipped weights answer.

    python tests/inference/golden.py

writes ``golden.json`` beside it anew: after new weights, and only then.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from napari_samunet.inference.engine import Engine
from napari_samunet.io.sample import sample_volume
from napari_samunet.models.load import load_model
from napari_samunet.session.session import Session
from napari_samunet.types import BoolArray

FROZEN = Path(__file__).with_name("golden.json")


def replay() -> dict[str, BoolArray]:
    """Return the mask (H, W) after every step of every sequence."""
    session = Session(sample_volume(), Engine(load_model("builtin", device="cpu")))
    masks: dict[str, BoolArray] = {}

    def keep(step: str) -> None:
        masks[step] = session.preview.mask

    session.add_point((112, 66), positive=True, index=20)
    keep("liver: a click")
    session.add_point((152, 80), positive=False, index=20)
    keep("liver: what is too much removed")
    session.accept()
    session.propagate(20, 22)
    masks["liver: two slices on"] = session.labels[22] > 0
    session.new_object()
    session.add_box((126, 152, 172, 196), index=20)
    keep("kidney: a box")
    session.add_point((148, 176), positive=True, index=20)
    keep("kidney: and a click")
    session.new_object()
    stroke = np.zeros((256, 256), bool)
    stroke[110:114, 50:80] = True
    session.add_scribble(stroke, positive=True, index=18)
    keep("liver: a scribble")
    session.new_object()
    session.add_point((20, 66), positive=True, index=112, axis=1)
    keep("liver: a click in a coronal plane")
    return masks


def packed(mask: BoolArray) -> dict[str, list[int]]:
    """Return the shape of a mask and the places where its flat values change."""
    flat = np.concatenate([[False], mask.ravel(), [False]])
    return {"shape": list(mask.shape), "changes": np.flatnonzero(flat[1:] != flat[:-1]).tolist()}


def unpacked(stored: dict[str, list[int]]) -> BoolArray:
    """Undo ``packed``."""
    flat = np.zeros(int(np.prod(stored["shape"])), bool)
    for start, end in list(pairwise(stored["changes"]))[::2]:
        flat[start:end] = True
    return flat.reshape(stored["shape"])


def main() -> None:
    """Freeze the answers of these weights."""
    stored = {step: packed(mask) for step, mask in replay().items()}
    FROZEN.write_text(json.dumps(stored) + "\n", encoding="utf-8")
    for step, mask in stored.items():
        print(f"{step}: {int(unpacked(mask).sum())} pixels")


if __name__ == "__main__":
    main()
