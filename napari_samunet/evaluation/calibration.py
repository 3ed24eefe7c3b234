"""Whether a score means what it says: answers that expect an IoU of 0.8 should reach it on average.

Expected calibration error over equal-width bins (Naeini et al., AAAI 2015; Guo et al., ICML 2017),
with the true IoU in the place of the share of right answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_samunet.evaluation.protocol import Answer, CaseResult
from napari_samunet.models.score_map import KINDS, as_predicted

BINS = 15

Reliability = dict[str, Any]
"""``answers`` (their number), ``score`` and ``iou`` (means), ``ece`` and ``bins``."""


def reliability(answers: Sequence[Answer]) -> Reliability:
    """Compare scores with true IoU.

    Parameters
    ----------
    answers
        At least one.

    Returns
    -------
    dict
        ``ece`` is the mean over the bins of \\|mean score - mean IoU\\|, weighted by their answers;
        ``bins`` holds ``low``, ``high``, ``answers``, ``score`` and ``iou`` of those not empty.
    """
    scores = np.array([answer.score for answer in answers])
    ious = np.array([answer.iou for answer in answers])
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [_bin(number, scores[place == number], ious[place == number]) for number in set(place)]
    bins.sort(key=lambda one: one["low"])
    gaps = [one["answers"] * abs(one["score"] - one["iou"]) for one in bins]
    return {
        "answers": len(answers),
        "score": float(scores.mean()),
        "iou": float(ious.mean()),
        "ece": float(sum(gaps) / len(answers)),
        "bins": bins,
    }


def calibration_groups(
    results: Iterable[CaseResult], score_map: tuple[float, ...] = ()
) -> dict[str, Reliability]:
    """Reliability of all answers to cases with masks by people, per modality and per prompt.

    Parameters
    ----------
    results
        Of one model.
    score_map
        The map that the scores went through, to judge what they were before; empty: as they are.

    Returns
    -------
    dict
        ``"all"``, then modalities, then kinds of prompt; empty where no answer has a score.
    """
    groups: dict[str, list[Answer]] = defaultdict(list)
    human = [result for result in results if result.case.human]
    titles = ["all", *sorted({result.case.modality for result in human})]
    for result in human:
        for answer in (_before(answer, score_map) for answer in result.answers):
            for title in ("all", result.case.modality, answer.kind):
                groups[title].append(answer)
    return {title: reliability(groups[title]) for title in (*titles, *KINDS) if groups[title]}


def _before(answer: Answer, score_map: tuple[float, ...]) -> Answer:
    return replace(answer, score=as_predicted(answer.score, score_map, answer.kind))


def _bin(number: int, scores: np.ndarray, ious: np.ndarray) -> dict[str, float | int]:
    return {
        "low": number / BINS,
        "high": (number + 1) / BINS,
        "answers": int(scores.size),
        "score": float(scores.mean()),
        "iou": float(ious.mean()),
    }
