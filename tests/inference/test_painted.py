"""A click on a painted mask changes what it means to change, and nothing by the way."""

from __future__ import annotations

import numpy as np

from napari_samunet.inference.correction import corrected_there
from napari_samunet.inference.painted import painted_prediction

BEFORE = np.zeros((60, 60), bool)
BEFORE[10:40, 10:40] = True


def _corrected(answer: np.ndarray, point: tuple[int, int], positive: bool) -> np.ndarray:
    found = corrected_there(
        painted_prediction(answer), painted_prediction(BEFORE), [point], positive
    )
    return found.mask


def test_only_what_hangs_together_with_the_click_is_taken():
    answer = BEFORE.copy()
    answer[40:45, 10:20] = True  # what was clicked
    answer[5:10, 30:40] = True  # what was not
    answer[12:14, 12:14] = False
    expected = BEFORE.copy()
    expected[40:45, 10:20] = True
    np.testing.assert_array_equal(_corrected(answer, (42, 15), positive=True), expected)


def test_a_click_that_removes_takes_nothing_on():
    answer = BEFORE.copy()
    answer[35:40, 10:40] = False
    answer[5:10, 10:40] = True
    expected = BEFORE.copy()
    expected[35:40, 10:40] = False
    np.testing.assert_array_equal(_corrected(answer, (37, 20), positive=False), expected)


def test_a_click_that_finds_nothing_to_change_changes_nothing():
    answer = BEFORE.copy()
    answer[20:24, 20:24] = False
    np.testing.assert_array_equal(_corrected(answer, (30, 30), positive=True), BEFORE)


def test_a_sketch_is_filled_in_as_a_whole():
    answer = np.zeros_like(BEFORE)
    answer[12:58, 2:58] = True
    np.testing.assert_array_equal(_corrected(answer, (30, 30), positive=True), answer | BEFORE)
