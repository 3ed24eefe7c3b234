"""The map of scores of a weights file, fitted on synthetic images only.

Fresh samples are answered by the protocol that measures real slices, through the same inference;
Platt's two parameters (1999) are fitted to the true IoU by cross entropy, for clear prompts and for
one click apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from napari_samunet.evaluation.cases import SliceCase
from napari_samunet.evaluation.protocol import Answer, measure_case
from napari_samunet.models.checkpoint import read_checkpoint
from napari_samunet.models.load import load_model
from napari_samunet.models.score_map import ONE_CLICK, as_predicted
from napari_samunet.training.config import SceneConfig
from napari_samunet.training.stream import SampleStream
from napari_samunet.training.weights import check_ours, set_score_map

CLICKS = 6
SEED = 77_000_001  # no training run has it
SIDE = 256  # a slice of the size of a scene, which inference zooms into as it does into a scan
SLOPE_SPREAD = 0.5
"""Prior of the slope's logarithm: where scores tell little, the map is not all flat but a shift."""
_SMALL_POOL = 48


def calibrate(
    weights: Path, scenes: SceneConfig, samples: int, device: str = "cpu"
) -> tuple[float, ...]:
    """Fit the map of scores of a weights file and write it into the file.

    Parameters
    ----------
    weights
        A file that ``samunet train`` wrote.
    scenes
        How synthetic scenes are made; those of the training.
    samples
        How many to answer; each gives a dozen answers.
    device
        Where the network runs.

    Returns
    -------
    tuple of float
        The map, see ``InputContract.score_map``.

    Raises
    ------
    BadCheckpoint
        It is no weights file of ours.
    """
    check_ours(read_checkpoint(weights), weights)
    system = load_model(weights, device=device)
    cases = tqdm(synthetic_cases(scenes, samples), total=samples, unit="sample")
    answers = [
        replace(answer, score=as_predicted(answer.score, system.contract.score_map, answer.kind))
        for case in cases
        for answer in measure_case(case, system, CLICKS).answers
    ]
    score_map = fit_score_map(answers)
    set_score_map(weights, score_map)
    return score_map


def synthetic_cases(scenes: SceneConfig, samples: int) -> Iterator[SliceCase]:
    """Synthetic samples as slice cases: scenes, and cuttings of scenes, of 256 × 256 pixels."""
    stream = iter(SampleStream(replace(scenes, pool=_SMALL_POOL), SIDE, SEED))
    for number in range(samples):
        image, mask, _ = next(stream)
        yield SliceCase(
            name=f"synthetic {number}",
            image=image[0].numpy(),
            mask=mask[0].numpy(),
            spacing=(1.0, 1.0),
            window=(0.0, 1.0),
            modality="synthetic",
            structure="synthetic",
            human=False,
            source=f"synthetic {number}",
        )


def fit_score_map(answers: Sequence[Answer]) -> tuple[float, ...]:
    """Fit slope and shift of the logit for clear prompts, then for one click.

    Parameters
    ----------
    answers
        With the scores as the network gives them; some after one click, some not.
    """
    clear = [answer for answer in answers if answer.kind != ONE_CLICK]
    one_click = [answer for answer in answers if answer.kind == ONE_CLICK]
    return (*_fit(clear), *_fit(one_click))


def _fit(answers: Sequence[Answer]) -> tuple[float, float]:
    scores = np.clip([answer.score for answer in answers], 1e-4, 1 - 1e-4)
    ious = np.array([answer.iou for answer in answers])
    logits = np.log(scores / (1 - scores))

    def cost(line: np.ndarray) -> float:
        # The exponential keeps the slope positive: a map must not change the order of answers.
        mapped = np.exp(line[0]) * logits + line[1]
        entropy = np.sum(np.logaddexp(0, mapped) - ious * mapped)
        return float(entropy + 0.5 * (line[0] / SLOPE_SPREAD) ** 2)

    best = minimize(cost, np.zeros(2), method="Nelder-Mead").x
    return round(float(np.exp(best[0])), 4), round(float(best[1]), 4)
