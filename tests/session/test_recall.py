"""A first click on another slice of an object is read with what the object is nearby, and boxes and
corrections with how it looks there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from disc_engine import SHAPE, DiscEngine, square

from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.frame import Frame
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef, Window

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


@pytest.mark.parametrize("around", ["box", "lasso"])
def test_a_box_says_itself_what_is_meant(session: Session, engine: DiscEngine, around: str):
    session.paint(KNOWN, index=2)
    if around == "box":
        session.add_box((15, 15, 25, 25), index=3)
    else:  # which asks with a point in its box
        session.add_lasso(square(SHAPE[1:], 15, 15, 11), index=3)
    assert not masks_asked(engine)


def test_a_correction_goes_on_from_the_answer(session: Session, engine: DiscEngine):
    session.paint(KNOWN, index=2)
    session.add_point((20, 20), index=3)
    shown, count = session.preview, len(masks_asked(engine))
    session.add_point((5, 40), index=3)
    assert engine.asked[-1].previous is shown
    assert len(masks_asked(engine)) == count


def test_only_planes_of_the_same_axis_tell(session: Session, engine: DiscEngine):
    painted = np.zeros(SHAPE[1:], bool)
    painted[:3, 10:30] = True  # crosses the plane of the same index along axis 1, too
    session.paint(painted, index=2)
    session.select(session.accept())
    session.add_point((2, 20), index=3, axis=1)
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


class LearningEngine(DiscEngine):
    """Finds that the pixels of one region are of the object, and remembers what it learnt from."""

    def __init__(self) -> None:
        super().__init__()
        self.learnt: list[list[int]] = []
        self.found = square(SHAPE[1:], 10, 10, 20)

    def predict(self, *arguments, **named) -> Prediction:
        """Look from a little farther away each time, as a growing object is looked at."""
        answer = super().predict(*arguments, **named)
        frame = Frame(answer.frame.shape, 64 + len(self.asked))
        return replace(answer, candidates=(replace(answer.chosen, frame=frame),))

    def discriminant(
        self, volume: Volume, axis: int, window: Window | None, keys: Mapping[int, np.ndarray]
    ) -> LearningEngine:
        self.learnt.append(sorted(keys))
        return self

    def log_odds(self, index: int, frame: Frame) -> np.ndarray:
        return np.where(self.found, 20.0, -20.0)


@pytest.fixture
def learning() -> LearningEngine:
    return LearningEngine()


@pytest.fixture
def taught(volume: Volume, learning: LearningEngine) -> Session:
    """An object that is settled on slice 2."""
    session = Session(volume, learning)
    session.paint(KNOWN, index=2)
    return session


def test_a_box_is_answered_with_how_the_object_looks_on_settled_slices(
    taught: Session, learning: LearningEngine
):
    taught.add_box((15, 15, 25, 25), index=3)
    np.testing.assert_array_equal(taught.preview.mask, learning.found)
    taught.next_candidate()
    np.testing.assert_array_equal(taught.preview.mask, square(SHAPE[1:], 15, 15, 11))


def test_and_so_is_a_correction_which_learns_nothing_twice(
    taught: Session, learning: LearningEngine
):
    taught.add_point((20, 20), index=3)
    taught.add_point((12, 28), index=3)
    np.testing.assert_array_equal(taught.preview.mask, learning.found)
    taught.foresee(1).region()  # as the window does for the slices beside
    taught.add_point((28, 12), index=3)
    assert learning.learnt == [[2]]


def test_what_is_settled_anew_is_learnt_anew(taught: Session, learning: LearningEngine):
    taught.add_box((15, 15, 25, 25), index=3)
    taught.paint(square(SHAPE[1:], 0, 0, 20), index=2)
    taught.add_point((20, 20), index=3)
    assert learning.learnt == [[2], [2]]
    taught.paint(KNOWN, index=4)
    taught.add_point((21, 21), index=3)
    assert learning.learnt[-1] == [2, 4]


def test_a_click_is_not_lost_to_how_the_object_looks(taught: Session):
    taught.add_box((5, 5, 30, 30), index=3)
    taught.add_point((20, 20), positive=False, index=3)
    assert not taught.preview.mask[20, 20]


def test_where_a_person_painted_other_slices_have_no_say(taught: Session, learning: LearningEngine):
    taught.paint(square(SHAPE[1:], 12, 12, 6), index=3)
    for click in ((12, 12), (16, 16)):
        taught.add_point(click, index=3)
        assert not taught.preview.mask[25, 25], "of the object elsewhere, but not painted here"
    assert not learning.learnt


def test_where_nothing_is_settled_nothing_is_learnt(volume: Volume, learning: LearningEngine):
    session = Session(volume, learning)
    session.add_box((15, 15, 25, 25), index=3)
    session.add_point((20, 20), index=3)
    assert not learning.learnt
