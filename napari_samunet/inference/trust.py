"""What speaks for one meaning of a click over another."""

from __future__ import annotations

from collections.abc import Sequence

FIRST, CLOSER = 0.25, 2.0
"""Powers of what is said at each look: the closer one is trained to judge any meaning."""


def trust(said: Sequence[float], agreement: float) -> float:
    """Return what speaks for a meaning of a click, 0 to 1, after a first and a closer look at it.

    A mask that is right stays the same when its surroundings fill the frame; one that leaks or
    stops short does not.

    Parameters
    ----------
    said
        The IoU that the network itself predicts at the first and at the closer look, before it is
        made honest: that map tells what an answer is worth, not which of two is meant. Empty where
        it predicts none.
    agreement
        How much the masks of the two looks overlap (Dice).
    """
    if not said:
        return agreement
    first, closer = said
    return agreement * first**FIRST * closer**CLOSER
