"""The answer to prompts on one slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_samunet.io.origin import Algorithm
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.frame import Frame
from napari_samunet.prompts.prompts import PAINTED_LOGIT
from napari_samunet.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor

ScoreKind = Literal["iou", "stability", "agreement"]
"""What a score tells: the IoU that the network predicts, its steadiness, or its agreement."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One possible answer, small enough for undo to keep hundreds: arrays are made when asked for.

    Attributes
    ----------
    packed
        The mask.
    score
        In [0, 1], see ``Prediction.score_kind``; None where there is none, e.g. of a painted mask.
    model_logits
        (h, w) logits of the model frame; fed back unchanged while the frame stays.
    frame
        Where that frame lies on the slice.
    upsample
        How the logits of the slice come from these, see ``InputContract.upsample``; empty: they
        do not.
    own_logits
        (H, W) logits of the slice that are no others', e.g. weighed with what is known of the
        object; None: those of ``upsample``, or of a painted mask. An accepted slice keeps them as
        long as the session lasts, so they are float16, with which corrections come out the same.
    """

    packed: PackedMask
    score: float | None
    model_logits: Tensor
    frame: Frame
    upsample: str = ""
    own_logits: FloatArray | None = None

    @property
    def mask(self) -> BoolArray:
        """(H, W) bool on the slice's own grid, read-only."""
        return self.packed.mask

    @property
    def logits(self) -> FloatArray:
        """(H, W) float32 on the slice's own grid, above 0 inside."""
        if self.own_logits is not None:
            return self.own_logits.astype(np.float32)
        if self.upsample:
            return self.frame.logits_to_slice(self.model_logits, self.upsample)
        return np.where(self.mask, np.float32(PAINTED_LOGIT), np.float32(-PAINTED_LOGIT))

    @property
    def nbytes(self) -> int:
        """What it keeps in memory."""
        own = 0 if self.own_logits is None else self.own_logits.nbytes
        return len(self.packed.bits) + self.model_logits.nbytes + own


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer to prompts on one slice, with what the next prediction needs of it.

    Attributes
    ----------
    candidates
        All answers, best first.
    note
        One line for the person, e.g. that a box was derived from the clicks; or an empty text.
    rank
        Which of the candidates is the answer: 0, the best, unless a person picked another.
    score_kind
        ``"iou"``: the network predicted its own IoU. ``"stability"``: it predicts none, and the
        score is the IoU of its mask at a higher and a lower threshold, which knows nothing about
        the object. ``"agreement"``: of a slice that was found between others, the Dice of the
        network's mask and the shape that they make one expect.
    model
        What answered; None of a mask that a person painted.
    """

    candidates: tuple[Candidate, ...]
    note: str = ""
    rank: int = 0
    score_kind: ScoreKind = "iou"
    model: Algorithm | None = None

    @property
    def chosen(self) -> Candidate:
        """The candidate that is the answer."""
        return self.candidates[self.rank]

    @property
    def mask(self) -> BoolArray:
        """(H, W) bool on the slice's own grid, read-only."""
        return self.chosen.mask

    @property
    def logits(self) -> FloatArray:
        """(H, W) float32 on the slice's own grid, above 0 inside."""
        return self.chosen.logits

    @property
    def score(self) -> float | None:
        """In [0, 1], see ``score_kind``; None where there is none, e.g. of a painted mask."""
        return self.chosen.score

    @property
    def model_logits(self) -> Tensor:
        """(h, w) logits of the model frame; fed back unchanged while the frame stays."""
        return self.chosen.model_logits

    @property
    def frame(self) -> Frame:
        """Where that frame lies on the slice."""
        return self.chosen.frame

    def pick(self, rank: int) -> Prediction:
        """Return the prediction with another of its candidates as the answer."""
        return replace(self, rank=rank)
