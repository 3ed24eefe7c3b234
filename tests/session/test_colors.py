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


def test_any_two_of_the_objects_of_a_whole_body_are_told_apart():
    colors = [rgb2lab(color_of(number)) for number in range(1, 151)]
    assert min(deltaE_ciede2000(a, b) for a, b in combinations(colors, 2)) > 6.5


def test_later_objects_are_bright_enough_on_a_dark_image():
    # Darker ones are lightened where they are drawn, which would bring them closer together.
    for number in range(21, 151):
        assert np.dot(color_of(number), (0.2126, 0.7152, 0.0722)) >= 0.45, number


def test_no_object_looks_like_the_grey_image_under_it():
    greys = rgb2lab(np.linspace(0, 1, 256)[:, None] * np.ones(3))
    for number in range(1, 151):
        color = np.broadcast_to(rgb2lab(color_of(number)), greys.shape)
        assert deltaE_ciede2000(color, greys).min() > CLEAR, number


@pytest.mark.parametrize("who", SEEN)
def test_adding_and_removing_strokes_are_told_apart(who):
    adds, removes = (_seen(color, SEEN[who]) for color in ((0.08, 0.86, 0.55), (1.0, 0.42, 0.24)))
    assert deltaE_ciede2000(adds, removes) > CLEAR
