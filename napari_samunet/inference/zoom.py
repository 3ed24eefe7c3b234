"""How a system that zooms looks: where the object fills the frame, and once more to be sure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.inference.parts import brightness_parts
from napari_samunet.inference.postprocess import offering
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.trust import trust
from napari_samunet.models.score_map import as_predicted, kind_of
from napari_samunet.preprocess.roi import (
    closer_look,
    first_look,
    look_at_mask,
    next_look,
    reach,
    whole_slice,
)
from napari_samunet.prompts.hits import hits
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray

if TYPE_CHECKING:
    from napari_samunet.inference.view import View


def zoomed(
    view: View, prompts: Prompts, previous: Prediction | None, seen: Prediction | None = None
) -> Prediction:
    """Answer where the object fills the frame: around the box, the earlier answer, or the find.

    ``seen`` is what `glimpsed` answered to the same prompts, where it was asked.
    """
    if previous is not None:
        mask = previous.mask if prompts.mask is None else prompts.mask
        prompts = _without_far_off(prompts, mask)
        # What another system, which does not zoom, has shown was seen in the whole slice.
        shown = previous.frame.roi or whole_slice(view.shape)
        roi = next_look(view.shape, shown, prompts.points, prompts.box, mask)
        return view.answer(view.frame(roi), prompts, previous)
    if prompts.mask is not None and prompts.mask.any():
        roi = look_at_mask(view.shape, prompts.mask, prompts.points, prompts.box)
        return view.answer(view.frame(roi), prompts, None)
    seen = seen or glimpsed(view, prompts)
    if prompts.box is None:
        return _confirmed(view, prompts, seen)
    return _with_parts(view, prompts, seen)


def _without_far_off(prompts: Prompts, mask: BoolArray) -> Prompts:
    """Leave out clicks beside the object that lie where a look at it does not reach: nothing is
    found there, and to show them the object would be shown small.
    """
    said = np.asarray(prompts.labels, bool) | hits(mask, prompts.points)
    if said.all() or not (said.any() or mask.any() or prompts.box is not None):
        return prompts
    shown = reach(prompts.points[said], prompts.box, mask)
    first, last = np.array(shown[:2]), np.array(shown[:2]) + shown.side - 1
    near = ((prompts.points >= first) & (prompts.points <= last)).all(1)
    kept = said | near
    return replace(prompts, points=prompts.points[kept], labels=prompts.labels[kept])


def glimpsed(view: View, prompts: Prompts) -> Prediction:
    """Answer a box without its other candidates, or first clicks with the first look alone."""
    frame = view.frame(first_look(view.shape, prompts.box))
    answer = view.answer(frame, prompts, None)
    # The model corrects itself when it sees its own answer to a box, as it was trained to.
    return answer if prompts.box is None else view.answer(frame, prompts, answer)


def _with_parts(view: View, prompts: Prompts, answer: Prediction) -> Prediction:
    """Offer the brighter and the darker part of an answer as further candidates."""
    parts = brightness_parts(view.grey, answer.mask)
    asked = (replace(prompts, mask=part) for part in parts)
    answers = (view.answer(answer.frame, each, None) for each in asked)
    return offering(answer, (found for each in answers for found in each.candidates))


def _confirmed(view: View, prompts: Prompts, answer: Prediction) -> Prediction:
    """Look closer at each meaning of the clicks, and answer with what speaks most for itself."""
    looks = []
    for rank in range(len(answer.candidates)):
        meaning = answer.pick(rank)
        roi = closer_look(view.shape, prompts.points, meaning.mask)
        looks.append(view.answer(view.frame(roi), prompts, meaning))
    masks = [look.mask for look in looks]
    trusts = [trust(look.mask, masks, _said(view, prompts, look)) for look in looks]
    best, *others = (looks[rank] for rank in np.argsort(trusts, kind="stable")[::-1])
    return offering(best, (found for look in others for found in look.candidates))


def _said(view: View, prompts: Prompts, look: Prediction) -> float | None:
    """The IoU that the network itself predicts of what a click was answered with."""
    if look.score is None or look.score_kind != "iou":
        return None
    kind = kind_of(False, len(prompts.labels))
    return as_predicted(look.score, view.system.contract.score_map, kind)
