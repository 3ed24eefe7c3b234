"""How far an object goes on is guessed from key slices that show how long it is at least."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.inference.appearance import Appearance
from napari_samunet.inference.ending import Ending

SPACING = (1.0, 1.0, 1.0)


def _ending(*keys: int) -> Ending:
    """Of a ball of radius 10 in noise, settled on these slices."""
    rows, columns = np.indices((40, 40))
    ball = np.hypot(rows - 20, columns - 20) <= 10
    masks = dict.fromkeys(keys, ball)
    noise = np.random.default_rng(0)
    return Ending(Appearance(lambda _: noise.normal(size=(40, 40)), masks), masks, SPACING)


def test_key_slices_about_a_width_apart_bound_what_lies_past_them():
    ending = _ending(0, 15)
    assert not ending.is_too_far(24, 15)
    assert ending.is_too_far(27, 15)


@pytest.mark.parametrize("keys", [(0,), (0, 2), (0, 5, 9), (0, 25)])
def test_one_slice_such_as_lie_close_together_and_long_objects_bound_nothing(keys):
    assert not _ending(*keys).is_too_far(1000, max(keys))
