"""What speaks for one meaning of a click over another."""

from __future__ import annotations

import math
from collections.abc import Sequence


def trust(said: Sequence[float], agreement: float) -> float:
    """Return what speaks for a meaning of a click, 0 to 1, after a first and a closer look at it.

    A mask that is right stays the same when its surroundings fill the frame; one that leaks or
    stops short does not.

    Parameters
    ----------
    said
        The IoU that the network itself predicts at each look, before it is made honest: that map
        tells what an answer is worth, not which of two is meant. Empty where it predicts none.
    agreement
        How much the masks of the two looks overlap (Dice).
    """
    return agreement * (math.prod(said) ** (1 / len(said)) if said else 1.0)
