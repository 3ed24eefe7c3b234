"""The simulated person clicks as the protocol says, or every measured figure is wrong."""

import numpy as np
import pytest
from disc_engine import square

from napari_samunet.errors import EmptyPrompt
from napari_samunet.prompts.scribble import MOST_POINTS, scribble_to_points
from napari_samunet.prompts.simulate import first_click, next_click, tight_box


def test_the_first_click_is_the_middle_of_the_largest_part():
    mask = square((40, 40), 2, 2, 5) | square((40, 40), 20, 20, 11)
    assert first_click(mask) == (25, 25)


def test_parts_that_touch_at_corners_only_are_two():
    mask = square((40, 40), 0, 0, 9) | square((40, 40), 9, 9, 11)
    row, col = first_click(mask)
    assert row >= 9
    assert col >= 9


def test_the_border_of_the_image_counts_as_an_edge():
    assert first_click(square((21, 21), 0, 0, 21)) == (10, 10)


def test_what_is_missed_gets_a_positive_and_what_spills_a_negative_click():
    truth = square((40, 40), 10, 10, 9)
    assert next_click(truth, np.zeros_like(truth)) == ((14, 14), True)
    assert next_click(truth, truth | square((40, 40), 25, 25, 7)) == ((28, 28), False)


def test_a_tie_goes_to_what_is_missed():
    truth, found = square((40, 40), 0, 0, 5), square((40, 40), 20, 20, 5)
    assert next_click(truth, found) == ((2, 2), True)


def test_a_right_answer_needs_no_click():
    mask = square((40, 40), 10, 10, 9)
    assert next_click(mask, mask) is None


def test_the_box_holds_both_ends():
    assert tight_box(square((40, 40), 3, 5, 7)) == (3, 5, 9, 11)


@pytest.mark.parametrize("derive", [first_click, tight_box, scribble_to_points])
def test_an_empty_mask_gives_no_prompt(derive):
    with pytest.raises(EmptyPrompt):
        derive(np.zeros((5, 5), bool))


def test_a_scribble_becomes_points_that_follow_it():
    scribble = np.zeros((60, 60), bool)
    scribble[30:33, 5:55] = True
    points = scribble_to_points(scribble)
    assert 3 <= len(points) <= MOST_POINTS
    assert np.ptp(points[:, 1]) >= 45
    assert all(scribble[int(row), int(col)] for row, col in points)


def test_a_dab_of_the_brush_is_one_point():
    assert len(scribble_to_points(square((20, 20), 8, 8, 2))) == 1
