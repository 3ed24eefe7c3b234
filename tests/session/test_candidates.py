"""The other meanings of a click are one step away, can be undone, and are what is corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from disc_engine import DiscEngine, make_volume

from napari_samunet.errors import EmptyPrompt
from napari_samunet.packed import PackedMask
from napari_samunet.session.session import Session


class ThreeAnswers(DiscEngine):
    """The disc, the disc without its upper half, and nothing."""

    def predict(self, *arguments, **named):
        whole = super().predict(*arguments, **named)
        half = whole.mask.copy()
        half[: np.nonzero(half)[0].min() + 4] = False
        masks = (whole.mask, half, np.zeros_like(half))
        made = [replace(whole.chosen, packed=PackedMask.of(mask)) for mask in masks]
        return replace(whole, candidates=tuple(made))


@pytest.fixture
def session() -> Session:
    made = Session(make_volume(), ThreeAnswers())
    made.add_point((10, 12), index=2)
    return made


def test_candidates_come_one_after_the_other_and_then_the_best_again(session: Session):
    best = session.preview
    ranks = [session.next_candidate().rank for _ in range(3)]
    assert ranks == [1, 2, 0]
    assert np.array_equal(session.preview.mask, best.mask)


def test_what_was_picked_is_shown_accepted_and_undone_like_any_step(session: Session):
    best = session.preview
    picked = session.next_candidate()
    assert session.preview is picked
    assert picked.mask.sum() < best.mask.sum()
    assert session.undo_name == "candidate"
    session.undo()
    assert session.preview is best
    session.redo()
    session.accept()
    assert np.array_equal(session.labels[2] > 0, picked.mask)


def test_the_next_click_corrects_what_was_picked(session: Session):
    picked = session.next_candidate()
    session.add_point((20, 30), index=2)
    assert session.engine.asked[-1].previous is picked


def test_without_an_answer_there_is_nothing_to_pick(session: Session):
    with pytest.raises(EmptyPrompt, match="clicks"):
        session.next_candidate(index=3)
    session.paint(np.ones((40, 50), bool), index=2)  # painted over: the candidates are of before
    with pytest.raises(EmptyPrompt):
        session.next_candidate()
    before = session.can_redo, session.undo_name
    assert before == (False, "paint")


def test_a_single_answer_has_no_others():
    session = Session(make_volume(), DiscEngine())
    with pytest.raises(EmptyPrompt):
        session.next_candidate()
    session.add_point((10, 12), index=2)
    with pytest.raises(EmptyPrompt):
        session.next_candidate()
