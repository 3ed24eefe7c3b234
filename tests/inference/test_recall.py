"""An object that is known on a slice tells what a click on the next one means, and how the object
looks there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from unsure import unsure_of

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.recall import Neighbours, carried, recalled, reconsidered
from napari_samunet.prompts.prompts import Prompts

SHAPE = (60, 60)
CLICK = Prompts(points=[(30, 30)], labels=[1])


def disc(radius: float, row: float = 30, column: float = 30) -> np.ndarray:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def picture(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, 100.0, 40.0) + np.random.default_rng(0).normal(0, 3, SHAPE)


def neighbours(masks: dict[int, np.ndarray], index: int = 5, between: float = 1.0) -> Neighbours:
    return Neighbours(index, masks, lambda _index: picture(disc(10)), (between, 1.0, 1.0))


def meanings(prompts: Prompts) -> Prediction:
    """What is painted, or else a part and a whole that a click may mean."""
    if prompts.mask is not None:
        return painted_prediction(prompts.mask)
    part, whole = painted_prediction(disc(3)), painted_prediction(disc(20))
    return replace(part, candidates=(*part.candidates, *whole.candidates))


def test_a_click_on_the_next_slice_means_the_object_of_this_one_and_keeps_its_other_meanings():
    answer = recalled(meanings, CLICK, neighbours({4: disc(10)}))
    np.testing.assert_array_equal(answer.mask, disc(10))
    np.testing.assert_array_equal(answer.candidates[0].mask, answer.mask)
    assert [c.mask.sum() for c in answer.candidates[1:]] == [disc(3).sum(), disc(20).sum()]


def test_a_meaning_that_looks_like_what_is_known_is_not_offered_again():
    whole = painted_prediction(disc(10))
    answer = recalled(lambda _prompts: whole, CLICK, neighbours({4: disc(10)}))
    assert len(answer.candidates) == 1


def test_what_is_fed_back_to_the_next_click_is_what_is_shown():
    answer = recalled(meanings, CLICK, neighbours({4: disc(10)}))
    back = answer.frame.logits_to_slice(answer.model_logits)
    assert ((back > 0) ^ answer.mask).mean() < 0.02
    assert answer.pick(0).model_logits is answer.candidates[0].model_logits


def test_grey_values_move_the_edge_where_the_model_is_not_sure():
    def unsure(prompts: Prompts) -> Prediction:
        return unsure_of(prompts.mask, 1)

    settled = neighbours({4: disc(8)})
    settled = replace(settled, slice_at=lambda index: picture(disc(8 if index == 4 else 10)))
    found = carried(unsure, CLICK, settled)
    assert (found.mask ^ disc(10)).sum() < (disc(8) ^ disc(10)).sum() / 3


def test_a_click_beside_the_shape_is_not_taken_for_the_object():
    beside = Prompts(points=[(5, 5)], labels=[1])
    assert carried(meanings, beside, neighbours({4: disc(10)})) is None
    only_beside = Prompts(points=[(30, 30), (5, 5)], labels=[0, 1])
    assert carried(meanings, only_beside, neighbours({4: disc(10)})) is None


def test_where_the_model_finds_nothing_of_it_the_click_alone_counts():
    def gone(prompts: Prompts) -> Prediction:
        return meanings(CLICK) if prompts.mask is None else painted_prediction(np.zeros(SHAPE))

    flat = replace(neighbours({4: disc(10)}), slice_at=lambda _index: np.full(SHAPE, 7.0))
    assert carried(gone, CLICK, flat) is None
    assert recalled(gone, CLICK, flat).mask.any()


def test_far_away_the_shape_only_says_which_meaning_comes_first():
    far = neighbours({40: disc(18)})
    assert carried(meanings, CLICK, far) is None
    answer = recalled(meanings, CLICK, far)
    np.testing.assert_array_equal(answer.mask, disc(20))
    assert [c.mask.sum() for c in answer.candidates] == [disc(20).sum(), disc(3).sum()]
    assert answer.rank == 0


def test_how_far_is_told_in_radii_and_the_next_slice_is_always_near():
    assert neighbours({9: disc(10)}).is_near, "four millimetres, with a radius of ten"
    assert not neighbours({11: disc(10)}).is_near
    assert neighbours({6: disc(3)}, between=9.0).is_near
    assert not neighbours({7: disc(3)}, between=9.0).is_near


def test_between_two_settled_slices_the_shape_lies_between_them():
    shape = neighbours({4: disc(6), 6: disc(10)}).shape
    assert disc(6).sum() < shape.sum() < disc(10).sum()


BOX = Prompts(box=(20, 20, 40, 40))


def test_an_answer_to_a_box_is_moved_to_what_looks_like_the_object_on_other_slices():
    model, looks_like = unsure_of(disc(8)), np.where(disc(10), 2.0, -2.0)
    answer = reconsidered(model, BOX, neighbours({4: disc(10)}), looks_like)
    np.testing.assert_array_equal(answer.mask, disc(10))
    back = answer.frame.logits_to_slice(answer.model_logits)
    assert ((back > 0) ^ answer.mask).mean() < 0.02


def test_by_grey_values_too():
    answer = reconsidered(unsure_of(disc(8), 0.1), BOX, neighbours({4: disc(10)}), 0.0)
    assert (answer.mask ^ disc(10)).sum() < (disc(8) ^ disc(10)).sum() / 3


def test_the_models_own_answer_stays_to_be_taken():
    model = unsure_of(disc(5))
    answer = reconsidered(model, BOX, neighbours({4: disc(10)}), np.where(disc(10), 4.0, -4.0))
    assert [c.mask.sum() for c in answer.candidates] == [disc(10).sum(), disc(5).sum()]


def test_what_other_slices_say_does_not_outvote_a_click_that_the_model_obeys():
    model, removed = unsure_of(disc(8) & ~disc(3, 30, 36)), Prompts(points=[(30, 36)], labels=[0])
    outvoting = np.where(disc(10), 4.0, -4.0)
    assert reconsidered(model, removed, neighbours({4: disc(10)}), outvoting) is model
    taken = reconsidered(model, BOX, neighbours({4: disc(10)}), outvoting)
    assert taken.mask[30, 36], "without the click it would have been taken in"


def test_a_click_that_the_model_obeys_is_not_given_up_for_one_that_it_misses():
    clicks = Prompts(points=[(30, 30), (30, 45)], labels=[1, 1])
    instead = np.where(disc(4, 30, 45), 4.0, np.where(disc(4), -4.0, 0.0))
    model = unsure_of(disc(8))
    assert reconsidered(model, clicks, neighbours({4: disc(10)}), instead) is model


def test_where_nothing_would_be_left_the_models_answer_stands():
    model = unsure_of(disc(8))
    assert reconsidered(model, BOX, neighbours({4: disc(10)}), np.full(SHAPE, -50.0)) is model


def test_features_learnt_on_one_slice_do_not_reach_far_and_those_of_two_reach_between():
    assert neighbours({9: disc(10)}).tells_features
    assert not neighbours({40: disc(10)}).tells_features
    assert neighbours({-30: disc(10), 40: disc(10)}).tells_features
