"""Where the plugin looks decides what the network can see."""

import numpy as np

from napari_samunet.preprocess.roi import (
    SMALLEST_SIDE,
    Roi,
    closer_look,
    first_look,
    next_look,
    roi_around,
    whole_slice,
)

SHAPE = (300, 400)


def _mask(row0, col0, row1, col1):
    mask = np.zeros(SHAPE, bool)
    mask[row0 : row1 + 1, col0 : col1 + 1] = True
    return mask


def test_the_whole_slice_is_centred_in_its_square():
    assert whole_slice(SHAPE) == Roi(-50, 0, 400)


def test_a_box_fills_half_of_what_is_looked_at():
    roi = first_look(SHAPE, (100, 100, 139, 119))
    assert roi.side == 80
    assert roi == Roi(80, 70, 80)


def test_a_tiny_box_keeps_its_surroundings():
    assert roi_around((50, 50, 52, 52)).side == SMALLEST_SIDE


def test_a_box_as_large_as_the_slice_looks_at_the_slice():
    assert first_look(SHAPE, (0, 0, 299, 399)) == whole_slice(SHAPE)


def test_a_small_find_is_looked_at_closer_and_a_large_one_is_not():
    click = np.array([[110.0, 110.0]])
    near = closer_look(SHAPE, click, _mask(100, 100, 120, 120))
    assert near is not None
    assert near.side == 42
    assert closer_look(SHAPE, click, _mask(20, 20, 280, 380)) is None


def test_when_nothing_is_found_the_surroundings_of_the_click_are_looked_at():
    roi = closer_look(SHAPE, np.array([[110.0, 310.0]]), np.zeros(SHAPE, bool))
    assert roi is not None
    assert abs(roi.row0 + roi.side / 2 - 110) <= 1
    assert abs(roi.col0 + roi.side / 2 - 310) <= 1


def test_a_correction_inside_keeps_the_region_so_that_nothing_is_encoded_again():
    current = Roi(80, 80, 60)
    kept = next_look(SHAPE, current, np.array([[100.0, 105.0]]), None, _mask(95, 95, 125, 125))
    assert kept == current


def test_an_object_at_the_edge_of_the_region_widens_it():
    current = Roi(80, 80, 60)
    wider = next_look(SHAPE, current, np.array([[100.0, 100.0]]), None, _mask(90, 90, 139, 139))
    assert wider.side > current.side


def test_a_click_far_outside_is_taken_in():
    roi = next_look(SHAPE, Roi(80, 80, 60), np.array([[10.0, 10.0]]), None, _mask(95, 95, 99, 99))
    assert roi.row0 <= 10
    assert roi.col0 <= 10
    assert roi.row0 + roi.side > 99


def test_the_border_of_the_slice_is_no_edge_to_flee_from():
    current = Roi(-10, -10, 60)
    kept = next_look(SHAPE, current, np.array([[10.0, 10.0]]), None, _mask(0, 0, 30, 30))
    assert kept == current
