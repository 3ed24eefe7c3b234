"""A first click on another slice of an object is read with what the object is nearby."""

from __future__ import annotations

import numpy as np
from disc_engine import SHAPE, DiscEngine, square

from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef

KNOWN = square(SHAPE[1:], 10, 10, 20)


def masks_asked(engine: DiscEngine) -> list[np.ndarray]:
    return [asked.prompts.mask for asked in engine.asked if asked.prompts.mask is not None]


def test_a_click_on_the_next_slice_is_answered_with_the_object_of_this_one(
    session: Session, engine: DiscEngine
):
    session.paint(KNOWN, index=2)
    session.add_point((20, 20), index=3)
    np.testing.assert_array_equal(masks_asked(engine)[-1], KNOWN)
    assert session.preview.mask[KNOWN].mean() > 0.9
    assert len(session.preview.candidates) == 2
    session.next_candidate()
    assert session.preview.mask.sum() < KNOWN.sum() / 2, "the click alone is still there to take"


def test_so_is_one_on_an_object_that_was_accepted(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    first = session.accept()
    session.select(first)
    session.add_point((20, 20), index=1)
    assert session.preview.mask[KNOWN].mean() > 0.9


def test_another_object_is_not_taken_for_it(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    session.accept()
    session.add_point((20, 20), index=3)
    assert not masks_asked(engine)


def test_a_box_says_itself_what_is_meant(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    session.add_box((15, 15, 25, 25), index=3)
    assert not masks_asked(engine)


def test_a_correction_goes_on_from_the_answer(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    session.add_point((20, 20), index=3)
    shown, count = session.preview, len(masks_asked(engine))
    session.add_point((5, 40), index=3)
    assert engine.asked[-1].previous is shown
    assert len(masks_asked(engine)) == count


def test_only_planes_of_the_same_axis_tell(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    session.add_point((2, 20), index=20, axis=1)
    assert not masks_asked(engine)


def test_the_nearest_settled_slices_on_both_sides_tell(session: Session, engine: DiscEngine):
    for index in (0, 1, 4, 5):
        session.paint(KNOWN, index=index)
    session.add_point((20, 20), index=3, predict=False)
    request = session.request()
    assert set(request.settled) == {1, 4}
    assert request.ref == SliceRef(0, 3)


def test_what_is_shown_before_the_answer_is_what_the_answer_shows(
    session: Session, engine: DiscEngine
):
    session.paint(KNOWN, index=2)
    session.add_point((20, 20), index=3, predict=False)
    request = session.request()
    np.testing.assert_array_equal(request.glimpse(engine).mask, request.answer(engine).mask)


def test_nothing_is_shown_before_a_correction(session: Session, engine: DiscEngine):
    session.add_point((20, 20), index=3)
    session.add_point((5, 40), index=3, predict=False)
    assert session.request().glimpse(engine) is None


def test_what_was_shown_before_the_answer_is_not_asked_for_again(
    session: Session, engine: DiscEngine
):
    session.paint(KNOWN, index=2)
    session.add_point((20, 20), index=3, predict=False)
    request = session.request()
    request.glimpse(engine)
    assert len(request.answer(engine).candidates) == 2
    assert len(masks_asked(engine)) == 1


def test_where_a_click_will_be_looked_at_is_known_before_it(session: Session):
    session.paint(KNOWN, index=2)
    for index in (1, 3):
        roi = session.foresee(index).region()
        assert roi.row0 < 10 < 30 < roi.row0 + roi.side
    assert session.foresee(5).region() is None, "too far from what is known"
    assert session.foresee(2) is None, "it was prompted there"
    assert session.foresee(20, axis=1).region() is None


def test_without_an_object_nothing_is_foreseen(session: Session):
    assert session.foresee(3) is None
