"""The numbers in a report mean what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.errors import InputError
from napari_samunet.evaluation.metrics import NEVER_CLICKS, clicks_to_reach, dice, hausdorff95


def _square(row: int, column: int, side: int = 10) -> np.ndarray:
    mask = np.zeros((40, 50), bool)
    mask[row : row + side, column : column + side] = True
    return mask


def test_dice_is_one_for_equal_masks_and_zero_for_separate_ones():
    assert dice(_square(5, 5), _square(5, 5)) == 1
    assert dice(_square(5, 5), _square(20, 20)) == 0
    assert dice(_square(5, 5), _square(5, 10)) == pytest.approx(0.5)


def test_two_empty_masks_agree():
    empty = np.zeros((40, 50), bool)
    assert dice(empty, empty) == 1
    assert hausdorff95(empty, empty, (1, 1)) == 0


def test_hd95_is_in_millimetres_along_each_axis():
    down = hausdorff95(_square(5, 5), _square(8, 5), spacing=(2.0, 1.0))
    right = hausdorff95(_square(5, 5), _square(5, 8), spacing=(2.0, 1.0))
    assert down == pytest.approx(6.0)
    assert right == pytest.approx(3.0)


def test_hd95_is_the_same_from_either_side():
    small, large = _square(10, 10, 4), _square(5, 5, 20)
    assert hausdorff95(small, large, (1, 1)) == hausdorff95(large, small, (1, 1))


def test_hd95_of_an_empty_answer_is_the_worst_distance_of_the_image():
    assert hausdorff95(_square(5, 5), np.zeros((40, 50), bool), (2, 1)) == np.hypot(80, 50)


def test_hd95_at_the_image_border_sees_the_whole_outline():
    mask = np.ones((40, 50), bool)
    assert hausdorff95(mask, mask, (1, 1)) == 0
    assert hausdorff95(mask, mask & (np.arange(50) < 49), (1, 1)) == pytest.approx(1, abs=0.5)


def test_masks_of_different_slices_are_refused():
    with pytest.raises(InputError, match="one shape"):
        dice(np.ones((3, 4), bool), np.ones((4, 3), bool))


def test_clicks_are_counted_until_the_dice_is_reached():
    assert clicks_to_reach([0.5, 0.85, 0.7], 0.85) == 2
    assert clicks_to_reach([0.5, 0.6], 0.85) == NEVER_CLICKS == 20
