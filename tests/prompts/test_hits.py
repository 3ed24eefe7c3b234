"""What lies under clicks."""

import numpy as np

from napari_samunet.prompts.hits import hits


def test_each_point_is_told_by_the_pixel_that_it_lies_on():
    mask = np.zeros((4, 6), bool)
    mask[1, 2:5] = True
    assert hits(mask, [(1, 2), (0.6, 4.4), (0.4, 3), (2, 2)]).tolist() == [True, True, False, False]


def test_a_point_on_the_outer_rim_counts_for_the_pixel_beside_it():
    mask = np.zeros((4, 6), bool)
    mask[3, 5] = True
    assert hits(mask, [(3.5, 5.5), (-0.5, -0.5)]).tolist() == [True, False]
