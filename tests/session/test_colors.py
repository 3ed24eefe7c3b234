"""Neighbouring objects are told apart by everybody, whatever colours they see."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_samunet.session.colors import color_of

# Machado, Oliveira and Fernandes (IEEE TVCG 2009), full severity, for linear RGB.
SEEN = {
    "all colours": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
CLEAR = 10.0
"""Difference (CIEDE2000) that is seen at a glance; 1 is just noticeable side by side."""


def _seen(color, matrix) -> np.ndarray:
    linear = np.asarray(color, float) ** 2.2
    return rgb2lab(np.clip(np.asarray(matrix) @ linear, 0, 1) ** (1 / 2.2))


@pytest.mark.parametrize("who", SEEN)
def test_the_first_objects_are_told_apart(who):
    colors = [_seen(color_of(number), SEEN[who]) for number in range(1, 8)]
    least = min(deltaE_ciede2000(a, b) for a, b in combinations(colors, 2))
    assert least > CLEAR


@pytest.mark.parametrize("who", ["all colours", "no red", "no green"])
def test_any_two_of_twenty_objects_are_told_apart_side_by_side(who):
    colors = [_seen(color_of(number), SEEN[who]) for number in range(1, 21)]
    assert min(deltaE_ciede2000(a, b) for a, b in combinations(colors, 2)) > 5


@pytest.mark.parametrize("who", SEEN)
def test_adding_and_removing_strokes_are_told_apart(who):
    adds, removes = (_seen(color, SEEN[who]) for color in ((0.08, 0.86, 0.55), (1.0, 0.42, 0.24)))
    assert deltaE_ciede2000(adds, removes) > CLEAR
