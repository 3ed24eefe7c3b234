"""The answer to prompts on one slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Candidate:
    """One possible answer.

    Attributes
    ----------
    mask, logits, score
        As in ``Prediction``.
    model_logits, frame
        As there too, for the next prediction when this answer is picked; None: made of ``logits``.
    """

    mask: BoolArray
    logits: FloatArray
    score: float | None
    model_logits: Tensor | None = None
    frame: Frame | None = None


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
        All answers, best first.
    model_logits
        (h, w) logits of the model frame; fed back unchanged while the frame stays.
    frame
        Where that frame lies on the slice.
    note
        One line for the person, e.g. that a box was derived from the clicks; or an empty text.
    rank
        Which of the candidates ``mask`` is: 0, the best, unless a person picked another.
    """

    mask: BoolArray
    logits: FloatArray
    score: float | None
    candidates: tuple[Candidate, ...]
    model_logits: Tensor
    frame: Frame
    note: str = ""
    rank: int = 0

    def pick(self, rank: int) -> Prediction:
        """Return the prediction with another of its candidates as the answer."""
        chosen = self.candidates[rank]
        fed_back = chosen.model_logits
        if fed_back is None:
            import torch

            side = self.model_logits.shape[-1]
            fed_back = torch.from_numpy(self.frame.logits_to_model(chosen.logits, side))
        return replace(
            self,
            mask=chosen.mask,
            logits=chosen.logits,
            score=chosen.score,
            model_logits=fed_back,
            frame=chosen.frame or self.frame,
            rank=rank,
        )
