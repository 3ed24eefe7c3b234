"""Proposals for a slice: what the model answers to clicks that nobody made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from napari_samunet.geometry import plane_shape
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.outline import outline
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import shown_window, to_uint8
from napari_samunet.preprocess.slicing import take_slice
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.saliency import salient_points
from napari_samunet.types import BoolArray, SliceRef, UInt16Array, Window

CLICKS = 20
"""Questions to a slice: answered in seconds without a graphics card."""
LEAST_SHARE, MOST_SHARE = 0.0005, 0.4
"""Area of a proposal as a share of the slice: neither a speck nor the whole body."""
SIZE_COUNTS = 0.5
"""Power of the area by which a proposal counts: of two that are as sure, the larger comes first."""
SLICES = 12
"""Slices that stand for a volume: each takes seconds, and what is found is carried on from there.
"""
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
    """Return up to ``most`` answers to clicks on salient places, best first, hardly overlapping.

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
    shape = plane_shape(volume.shape, ref.axis)
    taken = np.zeros(shape, bool) if labels_hw is None else labels_hw > 0
    shown = to_uint8(take_slice(volume.array, ref), shown_window(volume, window))
    answers = []
    for point in salient_points(shown, CLICKS).astype(int):
        if go_on is not None and not go_on():
            break
        if not taken[tuple(point)]:
            prompts = Prompts(points=[point], labels=[1])
            answers.append(predict(prompts, ref.index, ref.axis, window))
    return ranked(answers, taken, most)


def spread_over(count: int) -> list[int]:
    """Return the middles of ``SLICES`` equal parts of so many slices, or all where they are few."""
    parts = min(count, SLICES)
    return [int((part + 0.5) * count / parts) for part in range(parts)]


def ranked(answers: Sequence[Prediction], taken: BoolArray, most: int) -> tuple[Prediction, ...]:
    """Return the best of these answers, hardly overlapping: sure, round and large ones come first.

    Parameters
    ----------
    answers
        On one slice.
    taken
        Where nothing is to be proposed, (H, W).
    most
        Number of proposals.
    """
    area = taken.size
    sized = [item for item in answers if LEAST_SHARE <= item.mask.sum() / area <= MOST_SHARE]
    free = [item for item in sized if _is_free(item.mask, taken)]
    return tuple(_apart(sorted(free, key=lambda item: -_worth(item)), most))


def _worth(prediction: Prediction) -> float:
    """Expected quality, less where a mask is ragged, as what lies between organs is, or small."""
    score = 1.0 if prediction.score is None else prediction.score
    mask = prediction.mask
    edge = outline(mask)
    roundness = 4 * np.pi * mask.sum() / edge.sum() ** 2
    return score * float(roundness) * float(mask.mean()) ** SIZE_COUNTS


def _is_free(mask: BoolArray, taken: BoolArray) -> bool:
    return bool((mask & taken).sum() <= MOST_OVERLAP * mask.sum())


def _apart(ranked: list[Prediction], most: int) -> list[Prediction]:
    kept: list[Prediction] = []
    for item in ranked:
        area = item.mask.sum()
        free = all((item.mask & other.mask).sum() <= MOST_OVERLAP * area for other in kept)
        if free and len(kept) < most:
            kept.append(item)
    return kept
