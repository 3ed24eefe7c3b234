"""Clicks for systems that were trained with boxes only: a box is derived from what there is.

From the current mask where an answer is being corrected, else by a search: boxes of several sizes
around the positive clicks, of which the system's steadiest answer decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.roi import Box, extent_of
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray

SEARCHED_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Sides of the boxes that are tried, as shares of the slice's longer side."""
FROM_CLICKS = "This model knows boxes only: a box was derived from the clicks."
FROM_MASK = "This model knows boxes only: a box was derived from the mask and the clicks."

Answer = Callable[[Frame, Prompts, Prediction | None, str], Prediction]


def derive_box(
    answer: Answer, frame: Frame, prompts: Prompts, previous: Prediction | None
) -> tuple[Prompts, str]:
    """Return the prompts with a box, and the line that says so; no positive prompt: unchanged."""
    painted = prompts.mask if prompts.mask is not None else previous and previous.mask
    positive = np.asarray(prompts.points)[np.asarray(prompts.labels) == 1]
    if painted is not None and np.any(painted):
        return replace(prompts, box=_hull(extent_of(np.asarray(painted)), positive)), FROM_MASK
    if not len(positive):
        return prompts, ""
    boxes = [_around(positive, share, frame.shape) for share in SEARCHED_SHARES]
    answers = [answer(frame, replace(prompts, box=box), None, "") for box in boxes]
    ranks = [_rank(found, positive) for found in answers]
    return replace(prompts, box=boxes[int(np.argmax(ranks))]), FROM_CLICKS


def _rank(found: Prediction, positive_rc: np.ndarray) -> float:
    """Steadiness of an answer, less when it misses the clicks."""
    rows, cols = np.rint(positive_rc).astype(int).T
    rows = rows.clip(0, found.mask.shape[0] - 1)
    cols = cols.clip(0, found.mask.shape[1] - 1)
    return (found.score or 0.0) + float(_at(found.mask, rows, cols).mean())


def _at(mask: BoolArray, rows: np.ndarray, cols: np.ndarray) -> BoolArray:
    return mask[rows, cols]


def _hull(box: Box, points_rc: np.ndarray) -> Box:
    if not len(points_rc):
        return box
    (row0, col0), (row1, col1) = points_rc.min(0), points_rc.max(0)
    return min(box[0], row0), min(box[1], col0), max(box[2], row1), max(box[3], col1)


def _around(points_rc: np.ndarray, share: float, shape: tuple[int, int]) -> Box:
    half = share * max(shape) / 2
    (row0, col0), (row1, col1) = points_rc.min(0) - half, points_rc.max(0) + half
    return max(row0, 0.0), max(col0, 0.0), min(row1, shape[0] - 1.0), min(col1, shape[1] - 1.0)
