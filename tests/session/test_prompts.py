"""A click becomes a preview of the right object, and nothing of another object leaks into it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from napari_samunet.errors import EmptyPrompt, InputError, OutsideImage, SamUNetError
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def test_a_click_shows_a_preview_and_leaves_the_labels_alone(session: Session):
    session.add_point((10, 12), index=2)
    assert session.preview.mask[10, 12]
    assert session.preview.mask.shape == (40, 50)
    assert not session.labels.any()


def test_the_first_click_makes_an_object_by_itself(session: Session):
    assert session.current is None
    session.add_point((10, 12), index=2)
    assert [item.id for item in session.objects] == [1]
    assert session.current.name == "object 1"


def test_predict_changes_nothing(session: Session, engine):
    answer = session.predict(Prompts(points=[(10, 12)], labels=[1]), index=2)
    assert answer.mask[10, 12]
    assert session.preview is None
    assert session.objects == ()
    assert not session.can_undo


def test_a_correction_is_asked_with_all_clicks_and_the_earlier_answer(session: Session, engine):
    session.add_point((10, 12), index=2)
    first = session.preview
    session.add_point((12, 14), positive=False, index=2)
    asked = engine.asked[-1]
    np.testing.assert_array_equal(asked.prompts.points, [(10, 12), (12, 14)])
    np.testing.assert_array_equal(asked.prompts.labels, [1, 0])
    assert asked.previous is first
    assert not session.preview.mask[12, 14]


def test_a_box_after_a_click_bounds_what_that_was_answered_with(session: Session, engine):
    session.add_point((10, 12), index=2)
    session.add_box((10, 12, 30, 40), index=2)
    earlier = engine.asked[-1].previous.mask
    assert earlier[10:31, 12:41].any()
    assert not earlier[:10].any()
    assert not earlier[:, :12].any()


def test_a_box_beside_the_answer_to_a_click_starts_afresh(session: Session, engine):
    session.add_point((10, 12), index=2)
    session.add_box((25, 30, 35, 45), index=2)
    assert engine.asked[-1].previous is None


def test_a_click_outside_the_box_corrects_the_whole_answer(session: Session, engine):
    session.add_box((10, 12, 30, 40), index=2)
    session.add_point((5, 5), index=2)
    reached = session.preview
    session.add_point((35, 45), index=2)
    assert engine.asked[-1].previous is reached


@pytest.mark.parametrize("change", ["object", "accepted", "slice", "axis", "window"])
def test_no_answer_is_fed_back_once_object_slice_or_window_changed(
    session: Session, engine, change: str
):
    session.add_point((3, 12), index=2)
    place = {"index": 2, "axis": 0, "window": None}
    if change == "object":
        session.new_object("other")
    elif change == "accepted":
        session.accept()
    else:
        place |= {"slice": {"index": 3}, "axis": {"axis": 1}, "window": {"window": (0, 80)}}[change]
    before = len(engine.asked)
    session.add_point((3, 14), **place)
    assert engine.asked[before].previous is None
    if change != "window":
        assert len(engine.asked[-1].prompts.points) == 1


def test_going_back_to_a_slice_goes_on_with_its_own_answer(session: Session, engine):
    session.add_point((10, 12), index=2)
    first = session.preview
    session.add_point((20, 22), index=3)
    session.add_point((11, 12), index=2)
    assert engine.asked[-1].previous is first


def test_going_back_to_an_object_goes_on_with_its_own_clicks(session: Session, engine):
    session.add_point((10, 12), index=2)
    first = session.preview
    session.new_object("other")
    session.add_point((30, 30), index=2)
    session.select(1)
    assert session.preview is first
    session.add_point((11, 12), index=2)
    assert engine.asked[-1].previous is first
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(10, 12), (11, 12)])


def test_two_images_share_nothing(volume, engine):
    one, other = Session(volume, engine), Session(volume, engine)
    one.add_point((10, 12), index=2)
    other.add_point((11, 12), index=2)
    assert engine.asked[-1].previous is None
    assert len(engine.asked[-1].prompts.points) == 1


def test_a_box_is_asked_with_its_clicks_and_the_last_box_counts(session: Session, engine):
    session.add_box((5, 6, 15, 16), index=1)
    session.add_box((20, 16, 10, 6), index=1)
    session.add_point((12, 8), index=1)
    assert engine.asked[-1].prompts.box == (10, 6, 20, 16)
    assert len(engine.asked[-1].prompts.points) == 1


def test_a_scribble_becomes_points_on_it(session: Session, engine, draw):
    drawn = draw((40, 50), 10, 10, side=12)
    prompt = session.add_scribble(drawn, positive=False, index=1)
    asked = engine.asked[-1].prompts
    assert len(asked.points) > 1
    assert not asked.labels.any()
    assert all(drawn[int(row), int(column)] for row, column in asked.points)
    np.testing.assert_array_equal(prompt.mask, drawn)


def test_paint_replaces_the_preview_exactly_and_asks_no_model(session: Session, engine, draw):
    session.add_point((10, 12), index=2)
    painted = draw((40, 50), 20, 20)
    session.paint(painted, index=2)
    np.testing.assert_array_equal(session.preview.mask, painted)
    assert len(engine.asked) == 1
    session.accept()
    np.testing.assert_array_equal(session.labels[2] == 1, painted)


@pytest.mark.parametrize("outside", [-10, 0.001, np.nan])
def test_logits_are_not_painted_as_a_mask_of_everything(session: Session, draw, outside):
    looks = np.where(draw((40, 50), 20, 20), 10, outside)
    for take in (session.paint, session.add_scribble, session.add_lasso, session.take_suggestion):
        with pytest.raises(InputError, match="give its `mask`"):
            take(looks, index=2)
    assert not session.objects


def test_the_click_after_paint_corrects_what_was_painted(session: Session, engine, draw):
    session.add_point((10, 12), index=2)
    painted = draw((40, 50), 20, 20)
    session.paint(painted, index=2)
    session.add_point((30, 30), index=2)
    asked = engine.asked[-1].prompts
    np.testing.assert_array_equal(asked.mask, painted)
    np.testing.assert_array_equal(asked.points, [(30, 30)])  # (10, 12) was painted over
    session.add_point((31, 30), index=2)
    assert engine.asked[-1].prompts.mask is None, "the earlier answer has the paint in it"


def test_painting_may_empty_a_slice(session: Session):
    session.add_point((10, 12), index=2)
    session.paint(np.zeros((40, 50), bool), index=2)
    session.accept()
    assert not session.labels.any()


def test_a_removed_click_is_forgotten_by_the_answer_too(session: Session, engine):
    session.add_point((10, 12), index=2)
    wrong = session.add_point((30, 30), index=2)
    session.remove_prompt(wrong)
    assert engine.asked[-1].previous is None
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(10, 12)])
    assert not session.preview.mask[30, 30]


def test_removing_the_only_click_removes_the_preview(session: Session, engine):
    prompt = session.add_point((10, 12), index=2)
    session.remove_prompt(prompt)
    assert session.preview is None
    assert session.prompts == ()
    with pytest.raises(InputError, match=r"session\.prompts"):
        session.remove_prompt(prompt)


@pytest.mark.parametrize("other", [False, True])
def test_the_object_of_a_removed_or_moved_click_is_the_current_one(session: Session, other: bool):
    clicks = [session.add_point((10 + 9 * row, 12), index=2) for row in range(3)]
    liver = session.accept()
    if other:
        session.new_object()
    session.remove_prompt(clicks[0])
    assert session.current == liver
    assert not session.preview.mask[10, 12]
    session.accept()
    if other:
        session.new_object()
    session.move_prompt(clicks[1], (30, 40), predict=False)
    assert session.current == liver
    assert session.request().object_id == liver.id


def test_a_moved_box_goes_where_the_box_is_to_be_though_a_point_is_told_too(session: Session):
    box = session.add_box((2, 2, 5, 5), index=1)
    moved = session.move_prompt(box, point_rc=(9, 9), box_rc=(3, 3, 6, 6))
    assert moved.box == (3, 3, 6, 6)
    assert not len(moved.points)


def test_removing_a_click_on_paint_shows_the_paint_again(session: Session, engine, draw):
    painted = draw((40, 50), 20, 20)
    session.paint(painted, index=2)
    session.remove_prompt(session.add_point((30, 30), index=2))
    np.testing.assert_array_equal(session.preview.mask, painted)
    assert len(engine.asked) == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_plane_can_be_prompted(session: Session, axis: int):
    session.add_point((3, 20), index=4, axis=axis)
    session.accept()
    plane = np.take(session.labels, 4, axis=axis)
    assert plane[3, 20] == 1
    assert (session.labels > 0).sum() == (plane > 0).sum()


def test_window_and_plane_reach_the_model(session: Session, engine):
    session.add_point((3, 20), index=4, axis=1, window=(-100, 200))
    assert engine.asked[-1].window == (-100.0, 200.0)
    assert engine.asked[-1].ref == SliceRef(1, 4)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"index": 6}, ("6",)),
        ({"index": -1}, ("-1",)),
        ({"index": 50, "axis": 2}, ("axis 2", "49")),
        ({"index": 0, "axis": 3}, ("axis 3",)),
    ],
)
def test_a_slice_outside_the_volume_is_named(session: Session, place: dict, words: tuple):
    with pytest.raises(OutsideImage) as caught:
        session.add_point((1, 1), **place)
    assert all(word in str(caught.value).lower() for word in words)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda s: s.add_point((40, 3), index=1), OutsideImage),
        (lambda s: s.add_point((-1, 3), index=1), OutsideImage),
        (lambda s: s.add_box((0, 0, 40, 3), index=1), OutsideImage),
        (lambda s: s.add_point((np.nan, 3), index=1), InputError),
        (lambda s: s.add_box((0, 0, np.inf, 3), index=1), InputError),
        (lambda s: s.add_point((1, 2, 3), index=1), InputError),
        (lambda s: s.add_point((1, 2), index=1.5), InputError),
        (lambda s: s.add_point((1, 2), index=1, window=(5, 5)), InputError),
        (lambda s: s.add_point((1, 2), index=1, window=(np.nan, 5)), InputError),
        (lambda s: s.add_scribble(np.zeros((40, 50)), index=1), EmptyPrompt),
        (lambda s: s.add_scribble(np.ones((40, 49)), index=1), InputError),
        (lambda s: s.paint(np.ones((50, 40)), index=1), InputError),
        (lambda s: s.paint(np.full((40, 50), np.nan), index=1), InputError),
        (lambda s: s.predict(Prompts(), index=1), EmptyPrompt),
        (lambda s: s.predict(Prompts(points=[(1, 2)], labels=[1]), index=9), OutsideImage),
        (lambda s: s.predict([(1, 2)], index=1), InputError),
        (lambda s: s.predict(Prompts(points=[(1, 2)], labels=[1]), 1, previous=5), InputError),
        (lambda s: s.accept(), EmptyPrompt),
        (lambda s: s.propagate(0, 3), EmptyPrompt),
        (lambda s: s.select(7), InputError),
        (lambda s: s.set_labels(np.zeros((6, 40, 49), int)), InputError),
    ],
)
def test_bad_input_is_refused_and_nothing_has_changed(session: Session, engine, act, error):
    with pytest.raises(error) as caught:
        act(session)
    assert isinstance(caught.value, SamUNetError)
    assert "\n" not in str(caught.value)
    assert (session.objects, session.preview, session.can_undo) == ((), None, False)
    assert not engine.asked


def test_a_prediction_that_fails_takes_its_click_back(session: Session, engine):
    session.add_point((10, 12), index=2)
    shown = session.preview
    engine.error = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="memory"):
        session.add_point((20, 22), index=2)
    assert session.preview is shown
    assert len(session.prompts) == 1
    engine.error = None
    session.add_point((21, 22), index=2)
    assert len(engine.asked[-1].prompts.points) == 2


def test_a_session_wants_a_volume():
    with pytest.raises(InputError, match="from_array"):
        Session(np.zeros((3, 4, 5)))


def test_suggestions_are_apart_and_change_nothing(session: Session):
    found = session.suggest(index=2)
    assert 1 < len(found) <= 5
    for number, item in enumerate(found):
        for other in found[:number]:
            assert (item.mask & other.mask).sum() <= 0.1 * item.mask.sum()
    assert session.objects == ()
    assert not session.can_undo


def test_taking_a_suggestion_is_one_step_and_settles_the_one_before(session: Session):
    first, second = (item.mask for item in session.suggest(index=2)[:2])
    session.take_suggestion(first, index=2)
    session.take_suggestion(second, index=2)
    before, taken = session.objects
    assert np.array_equal(before.mask_at(2), first)
    assert np.array_equal(session.preview.mask, second)
    assert session.current == taken
    session.undo()
    assert np.array_equal(session.preview.mask, first)
    assert not session.labels.any()
    session.undo()
    assert not session.can_undo


def test_a_lock_on_what_is_in_preview_refuses_the_next_suggestion(session: Session):
    first, second = (item.mask for item in session.suggest(index=2)[:2])
    session.take_suggestion(first, index=2)
    session.lock_object(session.current)
    with pytest.raises(InputError, match="locked"):
        session.take_suggestion(second, index=2)
    assert len(session.objects) == 1
    assert np.array_equal(session.preview.mask, first)


def test_air_is_no_suggestion(volume, engine):
    volume.array[3] = -1000
    assert Session(volume, engine).suggest(index=3) == ()


@pytest.mark.parametrize("axis", [3, -1, None])
def test_suggestions_along_an_axis_that_is_none_are_refused_in_words(session: Session, axis):
    with pytest.raises(InputError):
        session.suggest_volume(axis)


def test_a_session_without_a_prediction_does_not_wait_for_torch():
    code = (
        "import sys, numpy\n"
        "from napari_samunet import Session, Volume\n"
        "session = Session(Volume.from_array(numpy.zeros((3, 4, 5))))\n"
        "session.set_labels(numpy.ones((3, 4, 5), int)); session.undo()\n"
        "assert 'torch' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("side", ["top", "left", "bottom", "right", None])
def test_a_box_stays_beside_paint_within_it_and_goes_where_paint_leaves_it(session, side):
    box = session.add_box((10, 12, 20, 24), index=2)
    painted = np.zeros((40, 50), bool)
    top, left = 10 - (side == "top"), 12 - (side == "left")
    painted[top : 21 + (side == "bottom"), left : 25 + (side == "right")] = True
    session.paint(painted, index=2)
    assert (box in session.prompts) is (side is None)
