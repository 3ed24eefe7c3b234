"""What is going on for one object on one plane, until it is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.origin import UNNAMED, Algorithm
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.turns import shows
from napari_samunet.types import Window

LOW_SCORE = 0.55
"""Below this expected quality a person is asked for one more click."""
LOW_AGREEMENT = 0.9
"""Below this agreement with the slices around, a propagated slice is doubtful.

Chosen with the built-in weights: ``docs/measure_propagation.py`` counts how many of the poor slices
are found among how many of all.
"""


@dataclass(frozen=True, eq=False)
class PlaneState:
    """Prompts, what is shown, and what the model said; changing it makes a new value.

    Attributes
    ----------
    prompts
        In the order of placing.
    shown
        The preview: the model's answer, or what was painted over it.
    answer
        The model's latest answer, which the next one corrects; None where that starts afresh.
    window
        What the slice is shown to the model with.
    painted
        Whether the painted mask among the prompts is newer than ``answer``.
    generation
        Number of the step that placed the latest prompt; an answer to an earlier one is stale.
    waiting
        Whether the latest prompt is unanswered; ``shown`` is of before it then.
    """

    prompts: tuple[PlacedPrompt, ...] = ()
    shown: Prediction | None = None
    answer: Prediction | None = None
    window: Window | None = None
    painted: bool = False
    generation: int = 0
    waiting: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the model expects its answer to be poor."""
        return self.shown is not None and is_low(self.shown)

    @property
    def models(self) -> tuple[Algorithm, ...]:
        """What had a part in what is shown; one without a name where that was not kept."""
        answers = [item for item in (self.answer, self.shown) if item is not None]
        known = dict.fromkeys(item.model for item in answers if item.model is not None)
        by_hand = all(prompt.kind == "mask" for prompt in self.prompts)
        return tuple(known) or (() if self.prompts and by_hand else (UNNAMED,))

    def trimmed(self) -> PlaneState:
        """Return the plane without the alternatives of its answers, to be kept for long."""
        trims = {id(item): _trimmed(item) for item in (self.shown, self.answer) if item is not None}
        return replace(self, shown=trims.get(id(self.shown)), answer=trims.get(id(self.answer)))

    def answered(self, prediction: Prediction) -> PlaneState:
        """Return the plane with the model's answer to its latest prompts.

        Where these only tell what is not the object, it is nothing that the next one may correct.
        """
        says = self.answer is not None or not self.prompts or any(map(shows, self.prompts))
        answer = prediction if says else None
        return replace(self, shown=prediction, answer=answer, painted=False, waiting=False)


def is_low(answer: Prediction) -> bool:
    """Whether an answer's own score asks for a second look."""
    least = LOW_AGREEMENT if answer.score_kind == "agreement" else LOW_SCORE
    return answer.score is not None and answer.score < least


def _trimmed(answer: Prediction) -> Prediction:
    if len(answer.candidates) < 2:
        return answer
    return replace(answer, candidates=(answer.chosen,), rank=0)
