"""First places to look at: what stands out, large and small, and never the air."""

from __future__ import annotations

import numpy as np

from napari_samunet.prompts.saliency import salient_points


def _slice() -> np.ndarray:
    rows, columns = np.indices((120, 160))
    shown = np.zeros((120, 160), np.uint8)
    shown[10:110, 10:150] = 90
    shown[np.hypot(rows - 60, columns - 50) < 22] = 160
    shown[np.hypot(rows - 70, columns - 115) < 9] = 200
    return shown


def test_a_large_and_a_small_organ_are_both_found():
    points = salient_points(_slice(), 12)
    for middle, radius in (((60, 50), 22), ((70, 115), 9)):
        assert np.hypot(*(points - middle).T).min() < radius / 2


def test_no_place_lies_in_the_air_and_none_twice():
    shown = _slice()
    points = salient_points(shown, 12).astype(int)
    assert (shown[tuple(points.T)] > 0).all()
    assert len({tuple(point) for point in points}) == len(points) <= 12


def test_an_empty_slice_has_none():
    assert salient_points(np.zeros((40, 40), np.uint8), 5).shape == (0, 2)
