"""The protocol that a slice case is measured with: a box, a box and clicks, clicks alone.

It is the interactive protocol of RITM (Sofiiuk et al., 2021) with the details of DESIGN.md: each
simulated click goes to the farthest interior point of the largest error component, the previous
logits are fed back, and all answers come from the public ``Session.predict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean, median
from time import perf_counter
from types import MappingProxyType

import numpy as np

from napari_samunet.errors import InputError
from napari_samunet.evaluation.baselines import BASELINES
from napari_samunet.evaluation.cases import SliceCase
from napari_samunet.evaluation.classical import Tool, cut_out
from napari_samunet.evaluation.metrics import clicks_to_reach, dice, hausdorff95, iou
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.prediction import Prediction
from napari_samunet.models.score_map import BOX, LATER_CLICKS, ONE_CLICK
from napari_samunet.models.system import System
from napari_samunet.preprocess.intensity import to_uint8
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, next_click, tight_box
from napari_samunet.session.session import Session
from napari_samunet.types import BoolArray

MAX_CLICKS = 20
CLICKS_AFTER_BOX = 5
_HD95_AT_CLICKS = (1, 5, 10)
FIVE_CLICKS = "5 clicks"

NO_TOOLS: Mapping[str, Tool] = MappingProxyType({})

Measures = dict[str, float]


@dataclass(frozen=True)
class Answer:
    """What an answer said of itself, and what was true.

    Attributes
    ----------
    kind
        ``"box"``, ``"1 click"`` or ``"later clicks"`` (after a box or a click).
    score
        ``Prediction.score``.
    iou
        The true one.
    """

    kind: str
    score: float
    iou: float


@dataclass(frozen=True)
class CaseResult:
    """What one case gave.

    Attributes
    ----------
    case
        The case.
    measures
        ``dice_box``, ``dice_box_click_1`` … ``_5``, ``dice_click_1`` …, ``dice_box_oracle`` and
        ``dice_click_1_oracle`` (the best of the candidates), ``hd95_…`` in mm, ``noc85`` and
        ``noc90`` (only where 20 clicks were made), ``seconds_first`` (with encoding) and
        ``seconds_next``.
    baselines
        Name of the plain geometry or classical tool to its ``dice_box`` and ``hd95_box``.
    answers
        Every answer that came with a score, repeated ones once.
    masks
        (H, W) bool answers to ``"box"``, ``"1 click"`` and ``"5 clicks"``.
    """

    case: SliceCase
    measures: Measures
    baselines: dict[str, Measures]
    answers: tuple[Answer, ...] = ()
    masks: dict[str, BoolArray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Step:
    mask: BoolArray
    dice: float
    seconds: float
    score: float | None
    oracle: float


def measure_case(
    case: SliceCase,
    model: System,
    clicks: int = MAX_CLICKS,
    tools: Mapping[str, Tool] = NO_TOOLS,
) -> CaseResult:
    """Run the whole protocol on one case.

    Parameters
    ----------
    case
        The slice and its mask.
    model
        The loaded system.
    clicks
        Clicks without a box, 1 to 20.
    tools
        Classical tools that answer the box as well, see ``classical.classical_tools``.

    Raises
    ------
    InputError
        ``clicks`` is not 1 to 20.
    """
    if not 1 <= clicks <= MAX_CLICKS:
        raise InputError(f"The protocol makes 1 to {MAX_CLICKS} clicks, but {clicks} came.")
    box_rc = tight_box(case.mask)
    clicked = _correct(_session(case, model), case, None, clicks)
    boxed = _correct(_session(case, model), case, box_rc, min(clicks, CLICKS_AFTER_BOX))
    measures = _click_measures(case, clicked) | _box_measures(case, boxed)
    measures |= _seconds(clicked, boxed)
    answers = _answers(case, clicked, ONE_CLICK) + _answers(case, boxed, BOX)
    masks = {BOX: boxed[0].mask, ONE_CLICK: clicked[0].mask}
    if len(clicked) >= 5:
        masks[FIVE_CLICKS] = clicked[4].mask
    baselines = _baseline_measures(case, box_rc, tools)
    return CaseResult(case, measures, baselines, tuple(answers), masks)


def _session(case: SliceCase, model: System) -> Session:
    """A session that has encoded nothing yet.

    Without the disk: measured are the model and its time, and nobody will see these slices again.
    """
    return Session(case.volume, Engine(model))


def _correct(
    session: Session, case: SliceCase, box_rc: tuple[int, int, int, int] | None, clicks: int
) -> list[_Step]:
    """Prompt and correct: the steps are the box's answer (if any) and the answer to each click."""
    points: list[tuple[int, int]] = []
    labels: list[int] = []
    steps: list[_Step] = []
    previous = None
    while len(steps) < clicks + (box_rc is not None):
        if steps or box_rc is None:
            click = _next_click(case.mask, steps)
            if click is None:  # not one wrong pixel: every further click finds the same mask
                steps.append(steps[-1])
                continue
            points.append(click[0])
            labels.append(int(click[1]))
        start = perf_counter()
        previous = session.predict(
            Prompts(points=tuple(points), labels=tuple(labels), box=box_rc),
            index=0,
            window=case.window,
            previous=previous,
        )
        seconds = perf_counter() - start
        steps.append(_judged(case.mask, previous, seconds))
    return steps


def _judged(truth: BoolArray, answer: Prediction, seconds: float) -> _Step:
    oracle = max(dice(truth, candidate.mask) for candidate in answer.candidates)
    return _Step(answer.mask, dice(truth, answer.mask), seconds, answer.score, oracle)


def _next_click(mask: BoolArray, steps: list[_Step]) -> tuple[tuple[int, int], bool] | None:
    if not steps:
        return first_click(mask), True
    return next_click(mask, steps[-1].mask)


def _click_measures(case: SliceCase, steps: list[_Step]) -> Measures:
    values = [step.dice for step in steps]
    measures = {f"dice_click_{count}": value for count, value in enumerate(values, start=1)}
    measures["dice_click_1_oracle"] = steps[0].oracle
    for count in _HD95_AT_CLICKS:
        if count <= len(steps):
            mask = steps[count - 1].mask
            measures[f"hd95_click_{count}"] = hausdorff95(case.mask, mask, case.spacing)
    if len(steps) == MAX_CLICKS:  # with fewer, "never" would be a guess
        measures["noc85"] = clicks_to_reach(values, 0.85)
        measures["noc90"] = clicks_to_reach(values, 0.90)
    return measures


def _box_measures(case: SliceCase, steps: list[_Step]) -> Measures:
    names = ["box", *(f"box_click_{count}" for count in range(1, len(steps)))]
    measures = {f"dice_{name}": step.dice for name, step in zip(names, steps, strict=True)}
    measures["dice_box_oracle"] = steps[0].oracle
    for name, step in {names[0]: steps[0], names[-1]: steps[-1]}.items():
        measures[f"hd95_{name}"] = hausdorff95(case.mask, step.mask, case.spacing)
    return measures


def _made(steps: list[_Step]) -> list[_Step]:
    """The steps without repeated ones: a perfect answer is not asked for again."""
    return list(dict.fromkeys(steps))


def _answers(case: SliceCase, steps: list[_Step], first: str) -> list[Answer]:
    return [
        Answer(LATER_CLICKS if place else first, step.score, iou(case.mask, step.mask))
        for place, step in enumerate(_made(steps))
        if step.score is not None
    ]


def _seconds(*trails: list[_Step]) -> Measures:
    measures = {"seconds_first": fmean(steps[0].seconds for steps in trails)}
    later = [step.seconds for steps in trails for step in _made(steps)[1:]]
    if later:
        measures["seconds_next"] = median(later)
    return measures


def _baseline_measures(
    case: SliceCase, box_rc: tuple[int, int, int, int], tools: Mapping[str, Tool]
) -> dict[str, Measures]:
    masks = {name: draw(case.mask.shape, box_rc) for name, draw in BASELINES.items()}
    if tools:
        shown = to_uint8(case.image, case.window)
        masks |= {name: cut_out(tool, shown, box_rc) for name, tool in tools.items()}
    return {
        name: {
            "dice_box": dice(case.mask, np.asarray(mask)),
            "hd95_box": hausdorff95(case.mask, np.asarray(mask), case.spacing),
        }
        for name, mask in masks.items()
    }
