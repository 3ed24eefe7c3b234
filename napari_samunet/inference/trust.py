"""What speaks for one meaning of a click over another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_samunet.inference.postprocess import likeness
from napari_samunet.types import BoolArray

SAID = 1.5
"""Power of what the network says of a meaning, beside what the others say."""


def trust(meaning: BoolArray, meanings: Sequence[BoolArray], said: float | None) -> float:
    """Return what speaks for a meaning of a click, 0 to 1.

    The network's own word, and the Dice that is to be expected whichever of the meanings is meant:
    what shares most with all of them is seldom far off, as a minimum-risk decision has it.

    Parameters
    ----------
    meaning
        Its mask (H, W).
    meanings
        The masks of all, this one among them, each as a closer look found it.
    said
        The IoU that the network itself predicts at the closer look, where it is trained to judge
        any meaning, before it is made honest: that map tells what an answer is worth, not which of
        two is meant. None where it predicts none.
    """
    expected = float(np.mean([likeness(meaning, other) for other in meanings]))
    return expected if said is None else expected * said**SAID
