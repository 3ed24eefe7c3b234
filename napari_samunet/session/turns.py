"""The prompts of a plane as the questions that they were, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.placed import PlacedPrompt, combine
from napari_samunet.types import BoolArray


class Turn(NamedTuple):
    """One question: all prompts so far, and the latest of them."""

    prompts: Prompts
    latest: PlacedPrompt | None
    area: BoolArray | None
    """What the answer may fill, (H, W); None: everything."""


def turn_of(placed: Sequence[PlacedPrompt], with_mask: bool = True) -> Turn:
    """Return what prompts on a plane ask together; ``with_mask`` as for `combine`."""
    return Turn(combine(placed, with_mask), placed[-1] if placed else None, enclosing(placed))


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
        turns.append(turn_of(begun, with_mask=not turns))
    return tuple(turns) or (turn_of(placed),)


def enclosing(placed: Sequence[PlacedPrompt]) -> BoolArray | None:
    """Return what the last lasso encloses, (H, W): the answer ends at its line, until something
    that shows the object beyond it is placed. None: there is no such lasso.
    """
    lassos = [at for at, prompt in enumerate(placed) if prompt.kind == "lasso"]
    if not lassos:
        return None
    area = placed[lassos[-1]].mask
    later = placed[lassos[-1] + 1 :]
    return area if area is not None and all(_lies_in(prompt, area) for prompt in later) else None


def _lies_in(prompt: PlacedPrompt, area: BoolArray) -> bool:
    """Whether a prompt shows nothing beyond an area; a box asks anew for all that is in it, and
    paint beyond a lasso has taken that away.
    """
    if not shows(prompt):
        return True
    rows, columns = np.round(prompt.points).astype(int).T
    return prompt.box is None and bool(area[rows, columns].all())


def shows(prompt: PlacedPrompt) -> bool:
    """Whether a prompt tells what is meant, not only what is not."""
    return prompt.positive or prompt.box is not None or prompt.kind == "mask"
