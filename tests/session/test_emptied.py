"""What a person did to a slice by hand holds: no propagation fills or paints over it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef

NOTHING = np.zeros((40, 50), bool)


def _between(session: Session, draw):
    """An accepted object on all slices, of which a person settled the first and the last."""
    item = session.new_object("liver")
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 10, 10, side=11), index=5)
    session.accept()
    session.propagate(0, 5)
    assert item.slices == (0, 1, 2, 3, 4, 5)
    return session.select(item)


def test_a_slice_that_was_erased_is_not_filled_between_two_others(session, draw):
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 10, 10, side=11), index=5)
    session.paint(NOTHING, index=3)
    told: list[int] = []
    assert session.propagate(0, 5, progress=told.append) == (1, 2, 4)
    assert 3 not in told
    assert not session.previews[SliceRef(0, 3)].mask.any()
    assert session.prompts[2].ref == SliceRef(0, 3), "and what was painted there is not forgotten"


def test_a_slice_that_was_erased_and_accepted_stays_without_the_object(session, draw):
    item = _between(session, draw)
    session.paint(NOTHING, index=3)
    session.accept()
    session.propagate(0, 5)
    assert item.slices == (0, 1, 2, 4, 5)


def test_past_its_clicks_an_object_ends_at_the_slice_that_was_erased(session):
    session.add_point((10, 12), index=2)
    session.paint(NOTHING, index=4)
    session.paint(NOTHING, index=0)
    assert session.propagate(0, 5) == (1, 3)


def test_redoing_around_an_erased_slice_takes_away_what_lies_past_it(session):
    session.add_point((10, 12), index=1)
    session.propagate(0, 5)
    session.paint(NOTHING, index=3)
    plan = session.plan_around(3)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=True)
    assert [ref.index for ref, shown in session.previews.items() if shown.mask.any()] == [1, 0, 2]


def test_an_imported_object_is_carried_on_though_one_of_its_slices_was_erased(session, draw):
    array = np.zeros((6, 40, 50), int)
    array[[1, 3]] = draw((40, 50), 10, 10)
    session.set_labels(array)
    session.select(1)
    session.paint(NOTHING, index=2)
    session.accept()
    session.select(1)
    session.propagate(0, 5)
    assert session.objects[0].slices == (0, 1, 3, 4)


def test_prompts_that_wait_for_an_answer_are_not_replaced_by_a_propagation(session):
    session.add_point((10, 12), index=2)
    prompt = session.add_point((30, 30), index=3, predict=False)
    session.propagate(0, 5)
    assert prompt in session.prompts
    assert session.request().ref == SliceRef(0, 3)


def test_what_another_brush_corrected_in_the_labels_is_a_key_slice(session, draw):
    item = _between(session, draw)
    labels = session.labels.copy()
    labels[3, 25:30, 25:30] = item.id
    labels[2] = 0
    session.repaint(labels, [2, 3])
    assert item.keys[-2:] == (SliceRef(0, 2), SliceRef(0, 3))
    session.propagate(0, 5)
    assert item.mask_at(3)[27, 27]
    assert not item.mask_at(2).any()


def test_a_brush_that_corrects_one_slice_of_imported_labels_leaves_the_others_settled(
    session, draw
):
    array = np.zeros((6, 40, 50), int)
    array[1:4] = draw((40, 50), 10, 10)
    session.set_labels(array)
    array[2, 30:34, 30:34] = 1
    session.repaint(array, [2])
    session.select(1)
    assert session.propagate(0, 3) == (0,)


@pytest.mark.parametrize("again", [False, True])
def test_deleting_the_only_click_of_an_accepted_slice_takes_its_mask_away(session, again):
    session.add_point((10, 12), index=2)
    session.add_point((10, 12), index=4)
    item = session.select(session.accept())
    if again:
        session.remove_prompt(session.add_point((30, 30), index=2))
        session.remove_prompt(session.prompts[0])
    else:
        session.remove_prompt(session.settled_prompts[0])
    assert not session.preview.mask.any()
    assert [prompt.ref.index for prompt in session.settled_prompts] == [4]
    assert item.slices == (2, 4), "not before it is accepted"
    session.accept()
    assert item.slices == (4,)
    assert item.keys == (SliceRef(0, 4),)
    session.undo()
    session.undo()
    assert item.keys == (SliceRef(0, 2), SliceRef(0, 4))


def test_a_slice_without_its_only_click_can_be_found_again(session):
    session.add_point((10, 12), index=2)
    session.add_point((10, 12), index=4)
    session.select(session.accept())
    session.remove_prompt(session.settled_prompts[0])
    assert 2 in session.propagate(0, 5)
    assert session.previews[SliceRef(0, 2)].mask.any()
