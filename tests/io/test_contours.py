"""Contours that run between pixels give back the very mask that they were made of."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.draw import polygon2mask

from napari_samunet.io.contours import contours_of, fill, pixel_count


@settings(max_examples=200, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_any_mask_survives_there_and_back(mask):
    assert np.array_equal(fill(contours_of(mask), mask.shape), mask)


@settings(max_examples=100, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_each_piece_is_one_contour_and_an_independent_filler_agrees(mask):
    contours = contours_of(mask)
    assert len(contours) == ndimage.label(mask)[1]
    filled = [polygon2mask(mask.shape, contour) for contour in contours]
    assert np.array_equal(np.logical_or.reduce([np.zeros_like(mask), *filled]), mask)


@pytest.mark.parametrize("side", [1, 2, 3, 40])
def test_a_square_has_four_corners_half_a_pixel_outside(side):
    mask = np.zeros((50, 60), bool)
    mask[5 : 5 + side, 7 : 7 + side] = True
    (contour,) = contours_of(mask)
    far = side - 0.5
    corners = {(4.5, 6.5), (4.5, 7 + far), (5 + far, 6.5), (5 + far, 7 + far)}
    assert {tuple(corner) for corner in contour} == corners


def test_a_hole_is_joined_by_a_channel_that_no_pixel_centre_lies_on():
    mask = np.ones((7, 9), bool)
    mask[2:4, 3:5] = mask[5, 6] = False
    (contour,) = contours_of(mask)
    assert np.array_equal(fill([contour], mask.shape), mask)
    assert ((contour % 1) == 0.5).all()


def test_contours_of_other_programs_may_reach_over_the_border_and_lie_askew():
    diamond = [(-3, 4), (4, 11), (11, 4), (4, -3)]
    rows, columns = np.indices((9, 9))
    inside = np.abs(rows - 4) + np.abs(columns - 4) < 7
    assert np.array_equal(
        fill([diamond], (9, 9)) | (np.abs(rows - 4) + np.abs(columns - 4) == 7),
        inside | (np.abs(rows - 4) + np.abs(columns - 4) == 7),
    )


def test_a_contour_inside_another_is_a_hole():
    outer = [(0.5, 0.5), (0.5, 6.5), (6.5, 6.5), (6.5, 0.5)]
    inner = [(2.5, 2.5), (2.5, 4.5), (4.5, 4.5), (4.5, 2.5)]
    mask = fill([outer, inner], (8, 8))
    assert mask.sum() == 36 - 4
    assert not mask[3:5, 3:5].any()


def test_pixels_beside_the_image_are_counted_by_the_rule_that_fills():
    """Also those of holes and of contours that cross, wherever the image ends."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        contours = [rng.uniform(-20, 20, (rng.integers(3, 9), 2)) for _ in range(3)]
        contours[0][:, 0] = contours[0][:, 0].round()  # corners on the lines of pixel centres
        wide = fill([contour + 30 for contour in contours], (61, 61))
        assert pixel_count(contours, (9, 7)) == wide.sum()


def test_tall_contours_are_counted_row_by_row_as_low_ones_are():
    """Over more rows than are counted at once."""
    tall = np.array([(-700.5, 3.0), (-700.5, 9.0), (1800.5, 9.0), (1800.5, 3.0)])
    assert pixel_count([tall], (12, 12)) == 2501 * 6


def full_of_holes(side):
    mask = np.ones((side, side), bool)
    mask[1:-1:2, 1:-1:2] = False
    return mask


def seconds_to_outline(mask):
    """The best of three, as other programs disturb."""
    times = []
    for _ in range(3):
        start = process_time()
        contours_of(mask)
        times.append(process_time() - start)
    return min(times)


def test_a_slice_full_of_holes_is_outlined_while_a_person_waits():
    """Scanning all of the outline for each of 16 times the holes takes 256 times as long."""
    few, many = full_of_holes(51), full_of_holes(201)
    (contour,) = contours_of(many)
    assert np.array_equal(fill([contour], many.shape), many)
    assert seconds_to_outline(many) < 64 * seconds_to_outline(few)
