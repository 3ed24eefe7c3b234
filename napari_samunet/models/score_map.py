"""Predicted IoU made honest: Platt's map (1999), a slope and a shift of its logit.

A network judges its mask as it was trained to; after one click, which may mean several things, it
is surer than it should be, so that one click has a map of its own. The maps are fitted by
``training.calibration`` and travel with the weights (``InputContract.score_map``).
"""

from __future__ import annotations

from math import exp, log

from torch import Tensor, logit

BOX, ONE_CLICK, LATER_CLICKS = KINDS = ("box", "1 click", "later clicks")
"""What an answer follows: a box alone, a single click, or more of either."""

_EDGE = 1e-4
"""Scores of 0 and 1 have no logit; nothing is that sure."""


def kind_of(box: bool, points: int, drawn: bool = False) -> str:
    """Name the kind of prompts: whether there is a box, how many points, and whether a mask was
    drawn, which leaves no doubt what a click means.
    """
    if box and not points:
        return BOX
    return ONE_CLICK if points == 1 and not (box or drawn) else LATER_CLICKS


def calibrated(scores: Tensor, score_map: tuple[float, ...], kind: str) -> Tensor:
    """Map predicted IoU to the IoU that such answers have.

    Parameters
    ----------
    scores
        Of any shape, in [0, 1].
    score_map
        Slope and shift for clear prompts, then for one click; empty: nothing changes.
    kind
        One of ``KINDS``.
    """
    if not score_map:
        return scores
    slope, shift = _line(score_map, kind)
    return (slope * logit(scores, _EDGE) + shift).sigmoid()


def as_predicted(score: float, score_map: tuple[float, ...], kind: str) -> float:
    """Undo ``calibrated`` for one score: what the network itself said."""
    if not score_map:
        return score
    slope, shift = _line(score_map, kind)
    bounded = min(max(score, _EDGE**2), 1 - _EDGE**2)
    return 1 / (1 + exp((shift - log(bounded / (1 - bounded))) / slope))


def _line(score_map: tuple[float, ...], kind: str) -> tuple[float, float]:
    place = 2 * (kind == ONE_CLICK)
    return score_map[place], score_map[place + 1]
