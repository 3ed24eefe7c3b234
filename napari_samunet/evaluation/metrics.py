"""How good a mask is: Dice, the 95th percentile Hausdorff distance, clicks to reach a Dice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_samunet.errors import InputError
from napari_samunet.io.outline import outline
from napari_samunet.prompts.simulate import tight_box
from napari_samunet.types import BoolArray, FloatArray

NEVER_CLICKS = 20
"""Clicks that are counted for a case that never reaches the wanted Dice."""


def dice(truth: BoolArray, answer: BoolArray) -> float:
    """Twice the shared pixels over the sum of both: 1 for equal masks, two empty ones included.

    Parameters
    ----------
    truth, answer
        (H, W) bool, of one shape.

    Raises
    ------
    InputError
        The shapes differ.
    """
    _check_shapes(truth, answer)
    total = int(truth.sum()) + int(answer.sum())
    return 1.0 if total == 0 else 2.0 * int(np.logical_and(truth, answer).sum()) / total


def iou(truth: BoolArray, answer: BoolArray) -> float:
    """Shared pixels over the pixels of either: 1 for equal masks, two empty ones included.

    Parameters
    ----------
    truth, answer
        (H, W) bool, of one shape.

    Raises
    ------
    InputError
        The shapes differ.
    """
    overlap = dice(truth, answer)
    return overlap / (2 - overlap)


def hausdorff95(truth: BoolArray, answer: BoolArray, spacing: tuple[float, float]) -> float:
    """95th percentile of the distances between two outlines, the larger of both directions.

    An outline is the set of mask pixels with a 4-neighbour outside, the image's border counting as
    outside; distances run between pixel centres (Maier-Hein et al., Metrics reloaded, 2024).

    Parameters
    ----------
    truth, answer
        (H, W) bool, of one shape.
    spacing
        Millimetres from row to row and from column to column.

    Returns
    -------
    float
        Millimetres; 0 for equal masks, the image's diagonal where just one of both is empty.

    Raises
    ------
    InputError
        The shapes differ.
    """
    _check_shapes(truth, answer)
    if not truth.any() or not answer.any():
        both_empty = not truth.any() and not answer.any()
        return 0.0 if both_empty else float(np.hypot(*np.multiply(truth.shape, spacing)))
    # Nothing outside the rectangle around both masks can be nearest to an outline.
    row0, col0, row1, col1 = tight_box(truth | answer)
    rectangle = slice(row0, row1 + 1), slice(col0, col1 + 1)
    truth_outline = outline(truth[rectangle])
    answer_outline = outline(answer[rectangle])
    return max(
        float(np.percentile(_distance_to(answer_outline, spacing)[truth_outline], 95)),
        float(np.percentile(_distance_to(truth_outline, spacing)[answer_outline], 95)),
    )


def clicks_to_reach(dice_per_click: Sequence[float], wanted: float) -> int:
    """Count the clicks until Dice is at least ``wanted``; ``NEVER_CLICKS`` (20) when it never is.

    Parameters
    ----------
    dice_per_click
        Dice after the first, second, … click.
    wanted
        0.85 for NoC85, 0.90 for NoC90.
    """
    for count, value in enumerate(dice_per_click, start=1):
        if value >= wanted:
            return count
    return NEVER_CLICKS


def _check_shapes(truth: BoolArray, answer: BoolArray) -> None:
    if truth.shape != answer.shape or truth.ndim != 2:
        raise InputError(
            f"Two (H, W) masks of one shape are wanted, but {truth.shape}, {answer.shape} came."
        )


def _distance_to(pixels: BoolArray, spacing: tuple[float, float]) -> FloatArray:
    return distance_transform_edt(~pixels, sampling=spacing)
