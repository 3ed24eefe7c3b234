"""A box that is drawn after clicks, and a lasso, bound what they are answered with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_samunet.inference.bounded import all_bounded, area_of, bounded
from napari_samunet.inference.painted import painted_prediction

SHAPE = (40, 50)


def _answer(rows=(5, 30)):
    mask = np.zeros(SHAPE, bool)
    mask[slice(*rows), 8:45] = True
    return painted_prediction(mask)


def _within(*box_rc):
    return bounded(_answer(), area_of(box_rc, SHAPE))


def test_what_lies_outside_the_box_is_gone_and_both_its_ends_are_in():
    cut = _within(10, 10, 19, 29)
    wanted = np.zeros(SHAPE, bool)
    wanted[10:20, 10:30] = True
    np.testing.assert_array_equal(cut.mask, wanted)
    np.testing.assert_array_equal(cut.logits > 0, wanted)
    back = cut.frame.logits_to_slice(cut.model_logits) > 0
    assert (back ^ wanted).mean() < 0.02, "what is fed back is cut, too"
    assert len(cut.candidates) == 1


def test_a_box_over_the_edge_of_the_slice_bounds_what_is_on_it():
    assert _within(-3, -2, 100, 9).mask.sum() == 25 * 2


def test_a_box_beside_the_answer_leaves_nothing_to_correct():
    assert _within(32, 2, 38, 40) is None


def test_the_other_candidates_end_at_the_line_too_and_those_beside_it_are_not_offered():
    chosen, other, beside = (_answer(rows).chosen for rows in ((5, 30), (5, 14), (25, 30)))
    answer = replace(_answer(), candidates=(chosen, other, beside), rank=0)
    enclosed = np.tri(*SHAPE, dtype=bool) & (np.arange(SHAPE[0]) < 22)[:, None]
    cut = all_bounded(answer, enclosed)
    found = [candidate.mask for candidate in cut.candidates]
    assert len(found) == 2
    np.testing.assert_array_equal(found[0], chosen.mask & enclosed)
    np.testing.assert_array_equal(found[1], other.mask & enclosed)
    assert all(item.own_logits is None for item in cut.candidates), "undo keeps hundreds of them"
    first = all_bounded(answer, np.indices(SHAPE)[0] > 26)
    np.testing.assert_array_equal(first.mask, chosen.mask & (np.indices(SHAPE)[0] > 26))
    elsewhere = all_bounded(replace(answer, rank=1), np.indices(SHAPE)[0] > 26)
    assert elsewhere.mask.any(), "what lies within comes first"
    nowhere = np.zeros(SHAPE, bool)
    assert all_bounded(answer, nowhere) is answer, "rather an answer than none"
