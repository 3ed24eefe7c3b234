"""A box that is drawn after clicks bounds what they were answered with."""

from __future__ import annotations

import numpy as np

from napari_samunet.inference.bounded import bounded
from napari_samunet.inference.painted import painted_prediction


def _answer():
    mask = np.zeros((40, 50), bool)
    mask[5:30, 8:45] = True
    return painted_prediction(mask)


def test_what_lies_outside_the_box_is_gone_and_both_its_ends_are_in():
    cut = bounded(_answer(), (10, 10, 19, 29))
    wanted = np.zeros((40, 50), bool)
    wanted[10:20, 10:30] = True
    np.testing.assert_array_equal(cut.mask, wanted)
    np.testing.assert_array_equal(cut.logits > 0, wanted)
    back = cut.frame.logits_to_slice(cut.model_logits) > 0
    assert (back ^ wanted).mean() < 0.02, "what is fed back is cut, too"
    assert len(cut.candidates) == 1


def test_a_box_over_the_edge_of_the_slice_bounds_what_is_on_it():
    cut = bounded(_answer(), (-3, -2, 100, 9))
    assert cut.mask.sum() == 25 * 2


def test_a_box_beside_the_answer_leaves_nothing_to_correct():
    assert bounded(_answer(), (32, 2, 38, 40)) is None
