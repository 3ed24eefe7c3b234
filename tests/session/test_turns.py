"""Prompts that are asked anew are asked one after the other, and a hand's work stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from disc_engine import DiscEngine, make_volume

from napari_samunet.packed import PackedMask
from napari_samunet.session.session import Session


class Forgetful(DiscEngine):
    """Answers with discs around clicks alone, whatever there was before."""

    def predict(self, *asked, **named):
        answer = super().predict(*asked, **named)
        prompts = self.asked[-1].prompts
        mask = np.zeros(answer.mask.shape, bool)
        for row, column in prompts.points[prompts.labels == 1].astype(int):
            mask[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = True
        made = replace(answer.chosen, packed=PackedMask.of(mask))
        return replace(answer, candidates=(made,))


@pytest.fixture
def forgetting() -> Session:
    return Session(make_volume(), Forgetful())


def points_asked(engine: DiscEngine, last: int) -> list[int]:
    """How many points the latest questions held."""
    return [len(asked.prompts.points) for asked in engine.asked[-last:]]


def test_after_a_deleted_click_the_others_are_asked_one_after_the_other(session, engine):
    session.add_point((10, 12), index=2)
    session.add_point((20, 20), index=2)
    reached = session.preview.mask
    session.remove_prompt(session.add_point((30, 30), positive=False, index=2))
    assert points_asked(engine, 2) == [1, 2]
    assert [asked.previous is None for asked in engine.asked[-2:]] == [True, False]
    np.testing.assert_array_equal(session.preview.mask, reached)


def test_what_is_not_the_object_waits_for_what_is(session, engine):
    session.add_point((30, 30), positive=False, index=2)
    session.add_point((10, 12), index=2)
    assert engine.asked[-2].previous is None
    np.testing.assert_array_equal(engine.asked[-2].prompts.points, [(10, 12)])
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(10, 12), (30, 30)])


def test_a_click_leaves_the_rest_of_a_painted_mask_as_it_is(forgetting: Session, draw):
    painted = draw((40, 50), 5, 5, side=25)
    forgetting.paint(painted, index=2)
    forgetting.add_point((35, 40), index=2)
    forgetting.add_point((36, 44), index=2)
    assert forgetting.preview.mask[painted].all()
    assert forgetting.preview.mask[[35, 36], [40, 44]].all()


def test_what_the_model_says_of_a_painted_mask_can_still_be_chosen(forgetting: Session, draw):
    forgetting.paint(draw((40, 50), 5, 5, side=25), index=2)
    forgetting.add_point((35, 40), index=2)
    forgetting.next_candidate()
    assert forgetting.preview.mask.sum() == 25


def test_a_painted_mask_stays_when_a_later_click_is_deleted(forgetting: Session, draw):
    painted = draw((40, 50), 8, 10, side=9)
    forgetting.add_point((12, 14), index=2)
    forgetting.paint(painted, index=2)
    forgetting.remove_prompt(forgetting.add_point((30, 40), index=2))
    np.testing.assert_array_equal(forgetting.preview.mask, painted)
