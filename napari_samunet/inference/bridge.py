"""Clicks and masks for systems that know none, or none that remove: a box is derived from them.

From the current mask where an answer is being corrected, else by a search: boxes of several sizes
around the positive clicks, of which the system's steadiest answer decides. A click that the answer
ignores moves the box itself, since such a system need not understand clicks at all. The mask is
never fed back: such a system saw none in training, and the box carries what can be carried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from napari_samunet.inference.postprocess import likeness
from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.roi import extent_of
from napari_samunet.prompts.hits import hits
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, Box, FloatArray

SEARCHED_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Sides of the boxes that are tried, as shares of the slice's longer side."""
Answer = Callable[[Frame, Prompts, None, str], Prediction]


def answer_with_box(
    answer: Answer, frame: Frame, prompts: Prompts, previous: Prediction | None, knows: str
) -> Prediction:
    """Answer prompts by way of a box; the note says so, and what the system ``knows``.

    Without a mask, a box and a positive click there is nothing to put a box around: the system is
    asked as it is, and the note says that alone.
    """
    mask = previous.mask if prompts.mask is None and previous is not None else prompts.mask
    said = f"This model knows {knows}: a box was derived from the "
    if mask is not None and mask.any():
        box = _hull(extent_of(mask), _split(prompts)[0])
        return _within(answer, frame, prompts, box, mask, said + "mask and the clicks.")
    if prompts.box is not None:
        return _within(answer, frame, prompts, prompts.box, None, said + "box and the clicks.")
    if (prompts.labels == 1).any():
        return _from_clicks(answer, frame, prompts, said + "clicks.")
    return answer(frame, prompts, None, f"This model knows {knows}.")


def _from_clicks(answer: Answer, frame: Frame, prompts: Prompts, note: str) -> Prediction:
    """Answer with the box whose mask fits the clicks best, the steadiest of several."""
    positive, _ = _split(prompts)
    found = [
        answer(frame, replace(prompts, box=_around(positive, share, frame.shape)), None, note)
        for share in SEARCHED_SHARES
    ]
    return max(found, key=lambda one: (_fit(one.mask, prompts), one.score or 0.0))


def _within(
    answer: Answer,
    frame: Frame,
    prompts: Prompts,
    box: Box,
    mask: BoolArray | None,
    note: str,
) -> Prediction:
    """Answer with a box; cut it where a click is ignored, nearest to the mask there was."""
    positive, negative = _split(prompts)
    whole = answer(frame, replace(prompts, box=box, mask=None), None, note)
    ignored = negative[hits(whole.mask, negative)]
    boxes = [cut for click in ignored for cut in _cuts(box, click, positive)]
    found = [answer(frame, replace(prompts, box=cut, mask=None), None, note) for cut in boxes]
    known = whole.mask if mask is None else mask
    return max(
        [whole, *found], key=lambda one: (_fit(one.mask, prompts), likeness(one.mask, known))
    )


def _split(prompts: Prompts) -> tuple[FloatArray, FloatArray]:
    """Positive and negative clicks, (row, column)."""
    return prompts.points[prompts.labels == 1], prompts.points[prompts.labels == 0]


def _fit(mask: BoolArray, prompts: Prompts) -> float:
    """Share of the clicks that a mask respects; 1 without clicks."""
    wanted = prompts.labels == 1
    return float((hits(mask, prompts.points) == wanted).mean()) if len(wanted) else 1.0


def _hull(box: Box, points_rc: FloatArray) -> Box:
    if not len(points_rc):
        return box
    (row0, col0), (row1, col1) = points_rc.min(0), points_rc.max(0)
    return min(box[0], row0), min(box[1], col0), max(box[2], row1), max(box[3], col1)


def _around(points_rc: FloatArray, share: float, shape: tuple[int, int]) -> Box:
    half = share * max(shape) / 2
    (row0, col0), (row1, col1) = points_rc.min(0) - half, points_rc.max(0) + half
    return max(row0, 0.0), max(col0, 0.0), min(row1, shape[0] - 1.0), min(col1, shape[1] - 1.0)


def _cuts(box: Box, click_rc: FloatArray, positive_rc: FloatArray) -> Iterator[Box]:
    """The box without what lies beyond a click, on each side that holds no positive click."""
    row, col = click_rc.tolist()
    row0, col0, row1, col1 = box
    for cut in (
        (max(row0, row + 1), col0, row1, col1),
        (row0, max(col0, col + 1), row1, col1),
        (row0, col0, min(row1, row - 1), col1),
        (row0, col0, row1, min(col1, col - 1)),
    ):
        if cut[0] < cut[2] and cut[1] < cut[3] and _hull(cut, positive_rc) == cut:
            yield cut
