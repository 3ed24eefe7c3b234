"""The answer to prompts on one slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Candidate:
    """One possible answer: ``mask`` (H, W) bool, ``logits`` (H, W) float32, ``score`` or None."""

    mask: BoolArray
    logits: FloatArray
    score: float | None


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer to prompts on one slice, with what the next prediction needs of it.

    Attributes
    ----------
    mask
        (H, W) bool on the slice's own grid.
    logits
        (H, W) float32 on the slice's own grid, above 0 inside.
    score
        Predicted IoU in [0, 1] or, from a system that predicts none, a stability score; the note
        says which. None where there is neither.
    candidates
        All answers, best first; the first one is ``mask`` itself.
    model_logits
        (h, w) logits of the model frame; fed back unchanged while the frame stays.
    frame
        Where that frame lies on the slice.
    note
        One line for the person, e.g. that a box was derived from the clicks; or an empty text.
    """

    mask: BoolArray
    logits: FloatArray
    score: float | None
    candidates: tuple[Candidate, ...]
    model_logits: Tensor
    frame: Frame
    note: str = ""
