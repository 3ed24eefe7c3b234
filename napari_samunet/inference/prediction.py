"""The answer to prompts on one slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from napari_samunet.preprocess.frame import Frame
from napari_samunet.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor

ScoreKind = Literal["iou", "stability", "agreement"]
"""What a score tells: the IoU that the network predicts, its steadiness, or its agreement."""


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
        In [0, 1], see ``score_kind``; None where there is none, e.g. of a painted mask.
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
    score_kind
        ``"iou"``: the network predicted its own IoU. ``"stability"``: it predicts none, and the
        score is the IoU of its mask at a higher and a lower threshold, which knows nothing about
        the object. ``"agreement"``: of a slice that was found between others, the Dice of the
        network's mask and the shape that they make one expect.
    """

    mask: BoolArray
    logits: FloatArray
    score: float | None
    candidates: tuple[Candidate, ...]
    model_logits: Tensor
    frame: Frame
    note: str = ""
    rank: int = 0
    score_kind: ScoreKind = "iou"

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
