"""An object is carried on from slice to slice until it vanishes, and never over settled slices."""

from __future__ import annotations

import numpy as np
import pytest
from disc_engine import RADIUS
from kept_sessions import kept, read_back

from napari_samunet.errors import EmptyPrompt, InputError, OutsideImage
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def test_an_accepted_object_grows_into_the_labels(session: Session, engine):
    session.new_object("vein")
    session.add_point((10, 12), index=2, window=(0, 90))
    vein = session.accept()
    settled = vein.mask_at(2)
    assert session.propagate(0, 4) == (0, 1, 3, 4)
    assert vein.slices == (0, 1, 2, 3, 4)
    np.testing.assert_array_equal(vein.mask_at(2), settled)
    np.testing.assert_array_equal(session.labels > 0, vein.mask)
    assert engine.asked[-1].window == (0, 90), "the slices are shown as the person saw the first"
    assert engine.asked[-1].previous is None
    session.undo()
    assert vein.slices == (2,)


def test_each_slice_is_prompted_with_the_mask_beside_it_and_its_middle(session: Session, engine):
    session.add_point((10, 12), index=2)
    mask = session.preview.mask
    session.propagate(3, 3)
    asked = engine.asked[-1].prompts
    np.testing.assert_array_equal(asked.mask, mask)
    np.testing.assert_array_equal(asked.points, [(10, 12)])
    assert asked.box is None


def test_an_object_in_preview_gets_more_previews(session: Session):
    session.add_point((10, 12), index=2)
    session.propagate(1, 3)
    assert sorted(ref.index for ref in session.previews) == [1, 2, 3]
    assert not session.labels.any()
    item = session.accept()
    assert item.slices == (1, 2, 3)
    assert [key.index for key in item.keys] == [2], "only what a person prompted is settled"


def test_it_stops_where_the_object_vanishes(session: Session, engine):
    engine.gone = {4}
    session.add_point((10, 12), index=2)
    item = session.accept()
    assert session.propagate(2, 5) == (3,)
    assert item.slices == (2, 3)


def test_it_stops_where_the_answer_spills(session: Session, engine, monkeypatch):
    session.add_point((10, 12), index=1)
    item = session.accept()
    answer = engine.predict

    def spill(volume, ref, prompts, *rest):
        found = answer(volume, ref, prompts, *rest)
        if ref.index == 3:
            return painted_prediction(np.ones_like(found.mask))
        return found

    monkeypatch.setattr(engine, "predict", spill)
    assert session.propagate(1, 5) == (2,)
    assert item.slices == (1, 2)


def test_between_settled_slices_the_shape_goes_over_from_one_to_the_other(session, draw):
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 20, 20, side=11), index=5)
    item = session.accept()
    session.propagate(0, 5)
    rows = [int(np.flatnonzero(item.mask_at(index).any(1))[0]) for index in range(6)]
    assert rows == [10, 12, 14, 16, 18, 20]


def test_where_the_model_contradicts_both_sides_the_shape_stands_and_is_doubted(
    session, engine, draw
):
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 10, 10, side=11), index=4)
    item = session.accept()
    engine.gone = {2}
    session.propagate(0, 4)
    session.select(item)
    assert item.mask_at(2).sum() == 121
    assert session.doubts == (SliceRef(0, 2),)
    session.add_point((15, 15), index=2)
    session.accept()
    session.select(item)
    assert session.doubts == (), "a person has looked at it"


def test_a_doubtful_plane_that_was_looked_at_is_not_doubted_any_more(draw, volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 10, 10, side=11), index=4)
    item = session.accept()
    session.engine.gone = {2}
    session.propagate(0, 4)
    session.select(item)
    mask = item.mask
    session.trust(2)
    session.trust(3)
    assert (session.doubts, item.doubts) == ((), ())
    assert session.undo_name == "trust", "what was not doubted is no step"
    assert SliceRef(0, 2) not in item.keys, "a propagation may still change it"
    np.testing.assert_array_equal(item.mask, mask)
    journal.close()
    again = read_back(journal.path, volume)
    assert again.doubts == ()
    assert again.undo()
    assert again.doubts == (SliceRef(0, 2),)
    again.lock_object(item.id)
    with pytest.raises(InputError, match="is locked"):
        again.trust(2)


def test_a_correction_in_the_middle_changes_only_what_lies_around_it(session, engine, draw):
    session.paint(draw((40, 50), 10, 10, side=11), index=0)
    session.paint(draw((40, 50), 10, 10, side=11), index=5)
    item = session.accept()
    session.propagate(0, 5)
    session.select(item)
    session.paint(draw((40, 50), 14, 10, side=11), index=3)
    engine.asked.clear()
    plan = session.plan_around(3)
    assert (plan.first, plan.last) == (1, 4)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=True)
    assert {asked.ref.index for asked in engine.asked} == {1, 2, 4}
    rows = [int(np.flatnonzero(session.previews[SliceRef(0, z)].mask.any(1))[0]) for z in (2, 4)]
    assert all(10 < row < 14 for row in rows)
    session.accept()
    assert [key.index for key in item.keys] == [0, 5, 3]


def test_a_correction_at_an_open_end_reaches_as_far_as_it_changes_something(session, engine):
    session.add_point((10, 12), index=0)
    item = session.accept()
    session.propagate(0, 5)
    session.select(item)
    session.add_point((10, 12), index=2)
    engine.asked.clear()
    found = session.plan_around(2).run(session.engine)
    assert {asked.ref.index for asked in engine.asked} == {1, 3}
    assert [ref.index for ref in found.answers] == [1]


def test_a_range_away_from_the_settled_slice_is_reached_but_not_the_way_there(session: Session):
    session.add_point((10, 12), index=0)
    item = session.accept()
    assert session.propagate(4, 5) == (4, 5)
    assert item.slices == (0, 4, 5)


def test_other_planes_propagate_along_their_own_axis(session: Session):
    session.add_point((3, 20), index=10, axis=1)
    item = session.accept()
    assert session.propagate(12, 8) == (8, 9, 11, 12)
    assert item.mask_at(12, axis=1).any()
    with pytest.raises(EmptyPrompt, match="axis 2"):
        session.propagate(8, 12, axis=2)


def test_what_was_segmented_along_another_axis_is_carried_on_through_the_first(session: Session):
    drawn = np.zeros((6, 50), bool)
    drawn[2:4, 10:15] = True
    session.paint(drawn, index=10, axis=1)
    session.accept()
    assert set(session.plan_propagation(0, 5, axis=0).keys) == {2, 3}


def test_where_the_only_prompted_slice_was_emptied_the_others_are_carried_on(session, draw):
    session.add_point((10, 12), index=2)
    session.accept()
    session.propagate(1, 3)
    session.select(1)
    session.paint(np.zeros((40, 50), bool), index=2)
    item = session.accept()
    assert item.slices == (1, 3)
    plan = session.plan_propagation(0, 5)
    assert set(plan.keys) == {1, 3}
    assert plan.emptied == {2}


def test_it_can_be_stopped_and_keeps_what_was_found(session: Session):
    told: list[int] = []

    def stop_at_two(index: int) -> bool:
        told.append(index)
        return len(told) < 2

    session.add_point((10, 12), index=5)
    session.accept()
    assert session.propagate(0, 5, progress=stop_at_two) == (3, 4)
    assert told == [4, 3]


def test_taken_over_labels_are_carried_on_too(session: Session, draw):
    array = np.zeros((6, 40, 50), int)
    array[2] = draw((40, 50), 10, 10)
    session.set_labels(array)
    session.select(1)
    session.propagate(1, 3)
    assert session.objects[0].slices == (1, 2, 3)


def test_a_plan_runs_elsewhere_and_is_dropped_when_the_object_changed(session: Session):
    session.add_point((10, 12), index=2)
    session.accept()
    plan = session.plan_propagation(1, 3)
    found = plan.run(session.engine)
    session.add_point((30, 30), index=2)  # another object: no matter
    assert session.apply_propagation(plan, found)
    assert session.objects[0].slices == (1, 2, 3)
    assert not session.apply_propagation(plan, found), "the object is not what it was"


def test_a_range_outside_the_volume_is_refused(session: Session):
    session.add_point((10, 12), index=2)
    with pytest.raises(OutsideImage, match="6"):
        session.propagate(2, 6)


def test_a_plan_made_with_numbers_of_numpy_can_be_saved(session: Session, tmp_path):
    session.add_point((10, 12), index=2)
    session.propagate(np.int64(1), np.int64(3), axis=np.int64(0))
    session.save(tmp_path / "a.session")
    again = Session.resume(tmp_path / "a.session", session.volume)
    assert set(again.previews) == {SliceRef(0, 1), SliceRef(0, 2), SliceRef(0, 3)}


def _of_a_body_in(outside: float) -> Volume:
    """A bright rod in a body that ends after slice 3, seen in slices 0 to 7."""
    grey = np.random.default_rng(0).normal(40, 3, (8, 40, 50))
    rows, columns = np.ogrid[:40, :50]
    away = np.hypot(rows - 20, columns - 25)
    grey[:4, away <= 5] += 60
    grey[:, away > 9] = outside
    return Volume.from_array(grey.astype(np.float32), modality="CT")


@pytest.mark.parametrize("outside", [0.0, np.nan, -np.inf])
def test_the_end_is_seen_whatever_the_file_writes_outside_the_body(engine, outside: float):
    volume = _of_a_body_in(outside)
    rows, columns = np.ogrid[:40, :50]
    session = Session(volume, engine)
    session.paint(np.hypot(rows - 20, columns - 25) <= 5, index=1)
    item = session.accept()
    session.propagate(0, 7)
    assert item.slices == (0, 1, 2, 3)


def _imported(session: Session, draw, axis: int) -> np.ndarray:
    """Labels that came as they are on planes 1 to 4 along an axis, one of them corrected."""
    planes = np.moveaxis(np.zeros(session.volume.shape, int), axis, 0)
    planes[1:5] = draw(planes.shape[1:], 1, 10, 4)
    session.set_labels(np.moveaxis(planes, 0, axis))
    session.select(1)
    session.add_point((3, 12), index=2, axis=axis)
    session.accept()
    session.select(1)
    return session.labels.copy()


@pytest.mark.parametrize("axis", [0, 1])
def test_masks_that_came_from_elsewhere_stay_where_one_of_them_was_corrected(
    session: Session, draw, axis: int
):
    before = np.moveaxis(_imported(session, draw, axis), axis, 0)
    assert session.propagate(0, 5, axis=axis) == (0, 5)
    after = np.moveaxis(session.labels, axis, 0)
    np.testing.assert_array_equal(after[1:5] > 0, before[1:5] > 0)


def test_around_a_correction_masks_that_came_from_elsewhere_are_done_again(session, draw):
    _imported(session, draw, axis=0)
    plan = session.plan_around(2)
    assert set(plan.keys) == {2}
    assert {ref.index for ref in plan.run(session.engine).answers} >= {1, 3}


def test_a_slice_that_was_carried_on_is_no_longer_as_it_came(session, draw):
    _imported(session, draw, axis=0)
    plan = session.plan_around(2)
    session.apply_propagation(plan, plan.run(session.engine))
    assert session.propagate(0, 5) == (0, 1, 3, 4, 5)


def test_what_came_from_elsewhere_is_known_over_night(session, draw, tmp_path):
    _imported(session, draw, axis=0)
    path = session.save(tmp_path / "a.samunet")
    resumed = Session.resume(path, session.volume, session.engine)
    resumed.select(1)
    assert resumed.propagate(0, 5) == (0, 5)


def _carried(session: Session, first: int, last: int, axis: int = 0) -> None:
    """As the window does it: what is found waits to be accepted."""
    plan = session.plan_propagation(first, last, axis)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=True)


def test_a_corrective_click_in_another_plane_corrects_what_a_propagation_shows_there(session):
    session.add_point((10, 12), index=2)
    _carried(session, 0, 5)
    shown = np.stack([session.previews[SliceRef(0, z)].mask[10] for z in range(6)])
    session.add_point((0, 16), positive=False, index=10, axis=1)
    corrected = session.preview.mask
    assert corrected.any()
    assert not (corrected & ~shown).any()
    assert (corrected | _disc(6, 50, (0, 16)))[shown].all(), "only what the click is on goes"
    item = session.accept()
    np.testing.assert_array_equal(item.mask_at(10, axis=1), corrected)
    assert item.mask_at(2)[6].any(), "and beside that plane all is as it was found"
    session.undo()
    session.undo()
    assert set(session.previews) == {SliceRef(0, z) for z in range(6)}


def test_a_click_on_a_carried_slice_keeps_what_was_corrected_across_it(session):
    session.add_point((10, 12), index=2)
    _carried(session, 0, 5)
    session.add_point((4, 16), positive=False, index=10, axis=1)
    corrected = session.preview.mask
    session.add_point((30, 30), index=4)
    np.testing.assert_array_equal(session.preview.mask[10], corrected[4])


def test_a_single_click_in_another_plane_does_not_tell_the_shape_in_this_one(session, engine):
    session.add_point((3, 20), index=10, axis=1)
    session.add_point((10, 20), index=3)
    assert engine.asked[-1].prompts.mask is None


def _disc(height: int, width: int, centre: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices((height, width))
    return np.hypot(rows - centre[0], columns - centre[1]) <= RADIUS


@pytest.mark.parametrize("as_preview", [False, True])
@pytest.mark.parametrize("around", [False, True])
def test_an_accepted_object_ends_at_the_slice_that_was_emptied(session, draw, as_preview, around):
    session.add_point((10, 12), index=1)
    session.accept()
    session.propagate(0, 5)
    session.select(1)
    session.paint(np.zeros((40, 50), bool), index=3)
    item = session.accept()
    assert item.slices == (0, 1, 2, 4, 5)
    plan = session.plan_around(3) if around else session.plan_propagation(0, 5)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=as_preview)
    if as_preview:
        assert item.slices == (0, 1, 2, 4, 5), "not before it is accepted"
        session.accept()
    assert item.slices == (0, 1, 2)
    session.undo()
    assert item.slices == (0, 1, 2, 4, 5)


def test_slices_of_a_file_stay_past_a_slice_that_was_emptied(session, draw):
    array = np.zeros((6, 40, 50), int)
    array[:] = draw((40, 50), 10, 10)
    session.set_labels(array)
    session.select(1)
    session.add_point((12, 12), index=1)
    session.paint(np.zeros((40, 50), bool), index=3)
    item = session.accept()
    session.propagate(0, 5)
    assert item.slices == (0, 1, 2, 4, 5)


def test_slices_of_a_file_stay_where_an_object_ends_along_another_axis(session, draw, engine):
    _imported(session, draw, axis=0)
    session.propagate(0, 5)
    painted = np.zeros((6, 50), bool)
    painted[:, 10:14] = True
    session.paint(painted, index=2, axis=1)
    session.accept()
    before = session.labels.copy()
    engine.gone = {3, 4, 5, 6, 7}
    session.propagate(3, 7, axis=1)
    np.testing.assert_array_equal(session.labels[1:5], before[1:5])
    assert before[[0, 5], 3].any()
    assert not session.labels[[0, 5], 3].any()


def test_what_was_accepted_stays_where_nobody_looked_for_it(session):
    """Key slices more than a radius apart, which do not show the object to be long."""
    session.add_point((10, 12), index=0)
    session.accept()
    session.propagate(0, 5)
    session.select(1)
    session.add_point((10, 12), index=2)
    item = session.accept()
    found = session.plan_propagation(0, 5).run(session.engine)
    assert found.gone == {SliceRef(0, 4), SliceRef(0, 5)}
    assert not found.lost
    session.propagate(0, 5)
    assert item.slices == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize("as_preview", [False, True])
def test_past_the_slice_where_it_is_lost_what_was_accepted_stays(session, engine, as_preview):
    session.add_point((10, 12), index=1)
    item = session.accept()
    session.propagate(0, 5)
    session.select(item)
    before = session.labels.copy()
    engine.gone = {3}
    plan = session.plan_propagation(0, 5)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=as_preview)
    if as_preview:
        session.accept()
    assert item.slices == (0, 1, 2, 4, 5), "the model was asked for slice 3 alone of the last three"
    np.testing.assert_array_equal(session.labels[4:], before[4:])


def test_what_was_carried_on_along_another_axis_stays_where_nobody_asked_for_it(session, engine):
    session.add_point((3, 20), index=10, axis=1)
    item = session.accept()
    session.propagate(8, 12, axis=1)
    session.select(item)
    session.add_point((10, 20), index=1)
    session.accept()
    before = session.labels.copy()
    assert before[3:].any()
    engine.gone = {2}
    session.propagate(0, 5, axis=0)
    np.testing.assert_array_equal(session.labels[3:], before[3:])


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("as_preview", [False, True])
def test_a_plane_that_was_painted_across_the_slices_stays_as_it_was_painted(
    session, draw, accepted, as_preview
):
    session.add_point((10, 12), index=2)
    session.propagate(0, 5)
    painted = np.zeros((6, 50), bool)
    painted[1:4, 8:13] = True
    session.paint(painted, index=10, axis=1)
    item = session.select(session.accept()) if accepted else session.current
    plan = session.plan_propagation(0, 5, axis=0)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=as_preview)
    if session.previews:
        seen = np.stack([session.previews[SliceRef(0, z)].mask[10] for z in (0, 1, 3, 4, 5)])
        np.testing.assert_array_equal(seen, painted[[0, 1, 3, 4, 5]])
        session.accept()
    np.testing.assert_array_equal(item.mask_at(10, axis=1), painted)
    assert SliceRef(1, 10) in item.keys
    assert item.mask_at(4)[9].any(), "beside it the object is carried on"


def test_the_propagation_that_ran_last_is_the_one_that_is_accepted(session, engine):
    session.add_point((10, 12), index=2)
    _carried(session, 0, 5)
    session.add_point((2, 12), index=10, axis=1)
    _carried(session, 8, 12, axis=1)
    engine.gone = {0}
    _carried(session, 0, 5)
    latest = {z: session.previews[SliceRef(0, z)].mask for z in (1, 3, 4, 5)}
    item = session.accept()
    for z, mask in latest.items():
        np.testing.assert_array_equal(item.mask_at(z), mask)


def test_at_its_end_one_is_told_how_an_object_is_carried_on(session):
    session.add_point((10, 12), index=2)
    session.accept()
    with pytest.raises(EmptyPrompt, match=r"ends here.*Propagate carries it on"):
        session.plan_around(2)


def test_between_two_settled_neighbours_there_is_nothing_to_redo(session):
    for index in (1, 2, 3):
        session.add_point((10, 12), index=index)
    with pytest.raises(EmptyPrompt, match="Both neighbours"):
        session.plan_around(2)


def test_the_one_slice_beside_an_emptied_end_is_done_again(session):
    session.add_point((10, 12), index=1)
    session.propagate(0, 2)
    session.paint(np.zeros((40, 50), bool), index=3)
    plan = session.plan_around(3)
    assert (plan.first, plan.last) == (2, 2)


def test_a_slice_that_a_propagation_lost_is_emptied_although_others_came_from_a_file(
    session, draw, engine
):
    array = np.zeros((6, 40, 50), int)
    array[1:4] = draw((40, 50), 10, 0, side=8)
    session.set_labels(array)
    session.select(1)
    assert session.propagate(4, 4) == (4,)
    engine.gone = {4}
    session.propagate(4, 4)
    assert session.labels[4].max() == 0
    np.testing.assert_array_equal(session.labels[1:4], array[1:4])


def test_an_object_is_carried_on_as_it_was_prompted_last(session):
    """Whatever was carried on since, and along whichever axis."""
    session.add_point((10, 12), index=2, window=(0, 90))
    session.add_point((2, 12), index=10, axis=1, window=(-50, 60))
    session.propagate(0, 5, axis=0)
    plan = session.plan_propagation(0, 5)
    assert (plan.axis, plan.window) == (1, (-50, 60))
    session.add_point((11, 12), index=2, window=(0, 90))
    plan = session.plan_propagation(0, 5)
    assert (plan.axis, plan.window) == (0, (0, 90))
    plan = session.plan_propagation(0, 5, axis=1)
    assert (plan.axis, plan.window) == (1, (0, 90))


def test_an_accepted_object_is_carried_on_in_its_window_though_a_click_was_deleted(session):
    for index in (2, 4):
        session.add_point((10, 12), index=index, window=(0, 90))
    session.select(session.accept())
    session.remove_prompt(session.settled_prompts[0])
    assert session.plan_propagation(0, 5).window == (0, 90)


def test_the_latest_prompt_gives_the_window_though_its_answer_came_first(session):
    session.add_point((10, 12), index=2, window=(0, 90), predict=False)
    session.add_point((10, 12), index=3, window=(-50, 60), predict=False)
    while (request := session.request()) is not None:
        session.apply(request, request.answer(session.engine))
    assert session.plan_propagation(0, 5).window == (-50, 60)
