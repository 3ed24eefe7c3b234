"""The prompts of a plane as the questions that they were, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.placed import PlacedPrompt, combine


class Turn(NamedTuple):
    """One question: all prompts so far, and the latest of them."""

    prompts: Prompts
    latest: PlacedPrompt | None


def in_turn(placed: Sequence[PlacedPrompt]) -> tuple[Turn, ...]:
    """Return the questions that prompts on a plane ask where there is no answer to correct yet.

    Each corrects the answer to the one before, as when they were placed: networks are trained to
    see one correction at a time, and several at once mean little to them. What is not the object
    waits for the first prompt that shows it, and a painted mask for what is asked of it.
    """
    first = next((at for at, prompt in enumerate(placed) if shows(prompt)), len(placed))
    masks = [at for at, prompt in enumerate(placed) if prompt.kind == "mask"]
    if masks:
        begun, rest = list(placed[: masks[-1] + 1]), placed[masks[-1] + 1 :]
    else:
        begun, rest = [], [*placed[first : first + 1], *placed[:first], *placed[first + 1 :]]
    turns: list[Turn] = []
    for prompt in rest:
        begun.append(prompt)
        turns.append(Turn(combine(begun, with_mask=not turns), prompt))
    return tuple(turns) or (Turn(combine(placed), placed[-1] if placed else None),)


def shows(prompt: PlacedPrompt) -> bool:
    """Whether a prompt tells what is meant, not only what is not."""
    return prompt.positive or prompt.box is not None or prompt.kind == "mask"
