"""Proposals for a slice: what the model answers to clicks that nobody made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.geometry import plane_shape
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.preprocess.slicing import take_slice
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, FloatArray, SliceRef, UInt16Array, Window

if TYPE_CHECKING:
    from napari_samunet.inference.prediction import Prediction

GRID = 6
"""Clicks along each side: 36 questions are answered in seconds without a graphics card."""
LEAST_SHARE, MOST_SHARE = 0.0005, 0.4
"""Area of a proposal as a share of the slice: neither a speck nor the whole body."""
MOST_OVERLAP = 0.1
"""Share of a proposal that may lie in a better one."""


def suggest(
    predict: Callable[..., Prediction],
    volume: Volume,
    ref: SliceRef,
    window: Window | None,
    most: int,
    labels_hw: UInt16Array | None = None,
    go_on: Callable[[], bool] | None = None,
) -> tuple[Prediction, ...]:
    """Return up to ``most`` answers to single clicks on a grid, surest first, hardly overlapping.

    Parameters
    ----------
    predict
        ``Session.predict``.
    volume, ref, window
        The slice, and what it is shown with.
    most
        Number of proposals.
    labels_hw
        What is segmented there already, (H, W): no proposal lies on it.
    go_on
        Asked before every click; no more clicks are tried once it is False.
    """
    area = np.prod(plane_shape(volume.shape, ref.axis))
    shape = plane_shape(volume.shape, ref.axis)
    taken = np.zeros(shape, bool) if labels_hw is None else labels_hw > 0
    answers = []
    for point in _grid(volume, ref, window):
        if go_on is not None and not go_on():
            break
        if not taken[tuple(point)]:
            prompts = Prompts(points=[point], labels=[1])
            answers.append(predict(prompts, ref.index, ref.axis, window))
    answers = [item for item in answers if _is_free(item.mask, taken)]
    sized = [item for item in answers if LEAST_SHARE <= item.mask.sum() / area <= MOST_SHARE]
    return tuple(_apart(sorted(sized, key=_sureness, reverse=True), most))


def _grid(volume: Volume, ref: SliceRef, window: Window | None) -> FloatArray:
    """Return evenly spread points (N, 2) that are not black: air is nobody's object."""
    height, width = plane_shape(volume.shape, ref.axis)
    rows = np.floor((np.arange(GRID) + 0.5) * height / GRID).astype(int)
    columns = np.floor((np.arange(GRID) + 0.5) * width / GRID).astype(int)
    points = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    low, _ = choose_window(volume, window)
    values = take_slice(volume.array, ref)[points[:, 0], points[:, 1]]
    return np.unique(points[values > low], axis=0)


def _is_free(mask: BoolArray, taken: BoolArray) -> bool:
    return bool((mask & taken).sum() <= MOST_OVERLAP * mask.sum())


def _sureness(prediction: Prediction) -> float:
    return -1.0 if prediction.score is None else prediction.score


def _apart(ranked: list[Prediction], most: int) -> list[Prediction]:
    kept: list[Prediction] = []
    for item in ranked:
        area = item.mask.sum()
        free = all((item.mask & other.mask).sum() <= MOST_OVERLAP * area for other in kept)
        if free and len(kept) < most:
            kept.append(item)
    return kept
