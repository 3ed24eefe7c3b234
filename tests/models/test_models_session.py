"""Through the public calls, a published checkpoint and a prompt give the published mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_samunet import Prompts, Session, Volume, load_model

pytestmark = pytest.mark.shared

PIXELS = 1e-3
Arrays = dict[str, np.ndarray]


def prompts_of(answer: Arrays, kind: str) -> Prompts:
    """The prompts of a published answer, (row, column) on the picture."""
    points = [tuple(xy[::-1]) for xy in answer["point_coords"].tolist()]
    labels = answer["point_labels"].tolist()
    x0, y0, x1, y1 = answer["box"].tolist()
    box = (y0, x0, y1, x1)
    return {
        "box": Prompts(box=box),
        "points": Prompts(points=points, labels=labels),
        "box_points": Prompts(points=points, labels=labels, box=box),
        "one_point": Prompts(points=points[:1], labels=labels[:1]),
    }[kind]


@pytest.mark.parametrize(
    ("name", "kinds", "candidates"),
    [
        ("res34_sam_unet", ("box", "points", "box_points"), (1, 1, 1)),
        ("sam_med2d_vit_b", ("box", "points", "box_points"), (3, 3, 3)),
        ("mobile_sam", ("box", "box_points", "one_point"), (1, 1, 3)),
    ],
)
def test_a_grey_picture_gets_the_published_masks(
    make_checkpoint: Callable[..., Path],
    reference: Callable[[str], Arrays],
    name: str,
    kinds: tuple[str, ...],
    candidates: tuple[int, ...],
) -> None:
    answer = reference(f"image_{name}")
    model = load_model(make_checkpoint(name, wrapper="model"), device="cpu")
    session = Session(Volume.from_array(answer["image"]), model)
    for kind, count in zip(kinds, candidates, strict=True):
        ours = session.predict(prompts_of(answer, kind), index=0, window=(0.0, 255.0), bridge=False)
        assert (ours.mask != answer[f"{kind}_mask"]).mean() < PIXELS
        assert len(ours.candidates) == count
