"""Accepted masks become labels; objects stay whole where they overlap; existing labels are kept."""

from __future__ import annotations

import numpy as np
import pytest
from disc_engine import make_session

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.packed import PackedMask
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def _heard(session: Session, *names: str) -> list[tuple]:
    heard: list[tuple] = []
    for name in names:
        getattr(session, name).connect(lambda *values, name=name: heard.append((name, *values)))
    return heard


def test_accepting_writes_every_previewed_slice_and_the_next_click_is_another_object(
    session: Session,
):
    session.new_object("liver")
    session.add_point((10, 12), index=2)
    session.add_point((11, 12), index=3)
    shown = {ref.index: item.mask for ref, item in session.previews.items()}
    liver = session.accept()
    assert liver.name == "liver"
    assert liver.slices == (2, 3)
    for index, mask in shown.items():
        np.testing.assert_array_equal(session.labels[index] == 1, mask)
    assert session.preview is None
    assert session.current is None
    session.add_point((30, 30), index=2)
    assert session.current.id == 2


def test_labels_are_read_only_and_stay_up_to_date(session: Session):
    labels = session.labels
    assert labels.dtype == np.uint16
    with pytest.raises(ValueError, match="read-only"):
        labels[0, 0, 0] = 1
    session.add_point((10, 12), index=2)
    session.accept()
    assert labels[2, 10, 12] == 1
    with pytest.raises(ValueError, match="read-only"):
        session.labels[0, 0, 0] = 1


def test_objects_stay_whole_where_they_overlap_and_a_notice_says_what_shows(session: Session, draw):
    heard = _heard(session, "notice")
    session.new_object("kidney")
    session.paint(draw((40, 50), 10, 10), index=2)
    kidney = session.accept()
    session.new_object("tumour")
    session.paint(draw((40, 50), 13, 13), index=2)
    tumour = session.accept()
    assert (kidney.voxels, tumour.voxels) == (36, 36)
    assert session.labels[2, 14, 14] == tumour.id
    assert (session.labels == kidney.id).sum() == 36 - 9
    assert len(heard) == 1
    assert "9 voxels" in heard[0][1]
    assert "show tumour" in heard[0][1]
    session.delete_object(tumour)
    assert (session.labels == kidney.id).sum() == 36, "nothing of the kidney was lost"


def test_an_overlap_is_told_when_it_comes_about_and_not_again(session: Session, draw):
    heard = _heard(session, "notice")
    session.paint(draw((40, 50), 10, 10), index=2)
    session.paint(draw((40, 50), 10, 10), index=3)
    session.accept()
    session.paint(draw((40, 50), 13, 13), index=2)
    tumour = session.accept()
    for index, said in ((4, 1), (3, 2)):
        session.select(tumour)
        session.paint(draw((40, 50), 13, 13), index=index)
        session.accept()
        assert len(heard) == said
    assert ["9 voxels" in heard[0][1], "18 voxels" in heard[1][1]] == [True, True]


def test_a_preview_that_is_carried_on_is_not_called_empty(session: Session):
    heard = _heard(session, "notice")
    session.add_point((10, 12), index=2)
    assert session.propagate(1, 3)
    assert not heard


def test_labels_are_drawn_before_the_objects_are_told_of(session: Session):
    heard = _heard(session, "labels_changed", "objects_changed")
    session.add_point((10, 12), index=2)
    heard.clear()
    session.accept()
    assert [name for name, *_ in heard] == ["labels_changed", "objects_changed"]


def test_an_empty_answer_is_accepted_with_a_notice(session: Session, engine):
    heard = _heard(session, "notice")
    engine.gone = {2}
    session.add_point((10, 12), index=2)
    assert session.accept().voxels == 0
    assert "empty" in heard[0][1]


def test_an_accepted_object_is_corrected_from_its_prompts_and_its_answer(session, engine):
    session.add_point((10, 12), index=2)
    answer = session.preview
    liver = session.accept()
    session.select(liver)
    assert [tuple(prompt.points[0]) for prompt in session.settled_prompts] == [(10, 12)]
    session.add_point((11, 13), positive=False, index=2)
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(10, 12), (11, 13)])
    np.testing.assert_array_equal(engine.asked[-1].previous.logits, answer.logits)
    assert not session.settled_prompts, "they are among the prompts again"
    assert len(session.prompts) == 2


def test_an_accepted_mask_of_elsewhere_is_corrected_from_itself(session, engine, draw):
    array = np.zeros((6, 40, 50), int)
    array[2] = draw((40, 50), 10, 10)
    session.set_labels(array)
    session.select(1)
    session.add_point((11, 13), positive=False, index=2)
    np.testing.assert_array_equal(engine.asked[-1].prompts.mask, array[2] > 0)


def test_prompts_are_forgotten_where_the_accepted_mask_became_another(session, draw):
    session.add_point((10, 12), index=2)
    session.accept()
    changed = np.array(session.labels)
    changed[2, 30:35, 30:35] = 1
    session.set_labels(changed)
    session.select(1)
    assert not session.settled_prompts


def test_masks_of_all_three_planes_meet_in_one_object(session: Session, draw):
    session.paint(draw((40, 50), 10, 10), index=3, axis=0)
    session.paint(draw((6, 50), 2, 20, side=3), index=12, axis=1)
    session.paint(draw((6, 40), 0, 5, side=3), index=30, axis=2)
    item = session.accept()
    expected = np.zeros((6, 40, 50), bool)
    expected[3, 10:16, 10:16] = True
    expected[:, 12] = False
    expected[2:5, 12, 20:23] = True
    expected[0:3, 5:8, 30] = True
    np.testing.assert_array_equal(item.mask, expected)
    np.testing.assert_array_equal(session.labels > 0, expected)
    assert item.voxels == expected.sum()
    for axis, index in ((0, 3), (1, 12), (2, 30)):
        np.testing.assert_array_equal(
            item.mask_at(index, axis), np.take(expected, index, axis=axis)
        )


def test_deleting_and_renaming(session: Session):
    session.add_point((10, 12), index=2)
    item = session.accept()
    session.rename_object(item, "spleen")
    assert item.name == "spleen"
    session.delete_object(item)
    assert not session.labels.any()
    with pytest.raises(InputError, match="none of them"):
        _ = item.name
    session.add_point((10, 12), index=2)
    assert session.current.id == 2, "a number is not used twice"


def test_an_object_is_found_by_a_number_that_was_read_from_the_labels(session: Session):
    session.add_point((10, 12), index=2)
    item = session.accept()
    assert session.select(session.labels.max()) == item
    with pytest.raises(InputError, match="none of them"):
        session.select("liver")


def test_an_object_of_another_image_is_not_taken_for_one_of_the_same_number(session, draw):
    other = make_session()
    for each in (session, other):
        each.paint(draw((40, 50), 10, 10), index=2)
        each.accept()
    for act in (
        lambda: session.select(other.objects[0]),
        lambda: session.delete_object(other.objects[0]),
        lambda: session.merge_objects(session.objects[0], [other.objects[0]]),
    ):
        with pytest.raises(InputError, match="of another one"):
            act()
    assert session.labels.any()


@pytest.mark.parametrize(("index", "axis"), [(-1, 0), (99, 0), (-1, 1), (99, 1), (0, 3)])
def test_a_mask_is_of_a_plane_that_is_there(session, draw, index, axis):
    session.paint(draw((40, 50), 34, 10), index=5)
    item = session.accept()
    with pytest.raises(OutsideImage, match=str(index if axis < 3 else axis)):
        item.mask_at(index, axis)


def test_a_name_is_a_text_as_files_can_only_hold_that(session: Session):
    session.new_object("liver")
    for act in (
        lambda: session.rename_object(1, None),
        lambda: session.new_object(5),
        lambda: session.set_labels(np.ones((6, 40, 50), int), {1: None}),
    ):
        with pytest.raises(InputError, match="name is a text"):
            act()
    assert [item.name for item in session.objects] == ["liver"]


def test_what_is_not_accepted_yet_can_be_named(session: Session):
    session.add_point((10, 12), index=2)
    first = session.current
    session.new_object()
    session.add_point((30, 30), index=3)
    session.add_point((30, 30), index=4)
    assert session.unaccepted == {first.id: 1, session.current.id: 2}
    session.accept()
    session.select(first)
    session.accept()
    assert not session.unaccepted
    session.select(first)
    session.add_point((30, 30), index=5)
    assert session.unaccepted == {first.id: 1}, "of an object, only what is new"


def test_discarding_drops_the_preview_only(session: Session):
    session.add_point((10, 12), index=2)
    item = session.accept()
    session.select(item)
    session.add_point((30, 30), index=2)
    session.discard()
    assert session.preview is None
    assert item.voxels > 0


def test_existing_labels_become_objects_and_can_be_corrected(session: Session, engine, draw):
    array = np.zeros((6, 40, 50), np.int32)
    array[2, 5:10, 5:10], array[1:4, 20:30, 20:30] = 3, 700
    session.set_labels(array, names={3: "cyst"})
    np.testing.assert_array_equal(session.labels, array)
    assert [(item.id, item.name) for item in session.objects] == [(3, "cyst"), (700, "object 700")]
    session.select(700)
    session.add_point((32, 25), index=2)
    np.testing.assert_array_equal(engine.asked[-1].prompts.mask, array[2] == 700)
    session.accept()
    session.add_point((3, 40), index=0)
    assert session.current.id == 701
    session.undo()
    session.undo()
    session.undo()
    session.undo()
    assert session.objects == ()


def test_taking_labels_over_keeps_names_and_redraws_only_what_changed(session: Session):
    session.new_object("liver")
    session.add_point((10, 12), index=2)
    session.accept()
    heard = _heard(session, "labels_changed")
    array = session.labels.copy()
    array[4, 3, 3] = 1
    session.set_labels(array)
    assert heard == [("labels_changed", (4,))]
    assert session.objects[0].name == "liver"
    array[4, 3, 3] = 2
    assert session.labels[4, 3, 3] == 1, "the session keeps a copy"


@pytest.mark.parametrize(
    "array",
    [
        np.full((6, 40, 50), -1),
        np.full((6, 40, 50), 65536),
        np.full((6, 40, 50), 0.5),
        np.full((6, 40, 50), np.nan),
        np.full((6, 40, 50), "a"),
        np.zeros((40, 50)),
    ],
)
def test_what_is_no_labels_is_refused(session: Session, array):
    with pytest.raises(InputError):
        session.set_labels(array)


def test_whole_numbers_in_floats_are_labels(session: Session):
    session.set_labels(np.full((6, 40, 50), 2.0))
    assert (session.labels == 2).all()


def test_a_click_redraws_no_labels_and_an_accept_only_its_slices(session: Session):
    heard = _heard(session, "labels_changed", "preview_changed")
    session.add_point((10, 12), index=2)
    assert [name for name, *_ in heard] == ["preview_changed"]
    assert heard[0][1] is session.preview
    session.accept()
    assert [values for name, *values in heard if name == "labels_changed"] == [[(2,)]]
    assert heard[-1] == ("preview_changed", None)


def test_export_writes_the_labels_with_the_names(session: Session, tmp_path):
    import nibabel

    session.add_point((10, 12), index=2)
    session.accept()
    path = session.export(tmp_path / "out.nii.gz")
    again = np.asarray(nibabel.load(path).dataobj)
    assert sorted(np.unique(again)) == [0, 1]
    assert (again > 0).sum() == (session.labels > 0).sum()


def test_packed_masks_are_exact():
    rng = np.random.default_rng(2)
    for shape in ((1, 1), (7, 13), (64, 3)):
        for share in (0.0, 0.02, 0.5, 1.0):
            mask = rng.random(shape) < share
            np.testing.assert_array_equal(PackedMask.of(mask).unpack(), mask)


def test_key_slices_are_remembered_in_order(session: Session):
    session.add_point((10, 12), index=4)
    session.add_point((10, 12), index=2)
    assert session.accept().keys == (SliceRef(0, 4), SliceRef(0, 2))


def _two(session, rule="both"):
    """A liver, and a vein that claims a part of it."""
    session.overlap = rule
    liver = session.new_object("liver")
    session.add_box((5, 5, 20, 20), index=2)
    session.accept()
    vein = session.new_object("vein")
    session.add_box((15, 15, 30, 30), index=2)
    return liver, vein


def test_keep_leaves_the_earlier_object_whole(session):
    liver, vein = _two(session, "keep")
    session.accept()
    assert liver.voxels == 256
    assert vein.voxels == 256 - 36


def test_replace_gives_the_voxels_to_the_later_object_and_undo_takes_them_back(session):
    liver, vein = _two(session, "replace")
    session.accept()
    assert (liver.voxels, vein.voxels) == (256 - 36, 256)
    session.undo()
    assert liver.voxels == 256


@pytest.mark.parametrize("rule", ["both", "keep", "replace"])
def test_a_locked_object_is_never_painted_over(session, rule):
    liver, vein = _two(session, rule)
    session.lock_object(liver)
    session.accept()
    assert liver.voxels == 256
    assert vein.voxels == 256 - 36
    assert (session.labels[2, 15:21, 15:21] == liver.id).all()


def test_a_locked_object_refuses_every_change(session):
    session.add_box((5, 5, 20, 20), index=2)
    liver = session.accept()
    session.lock_object(liver)
    session.select(liver)
    for change in (
        lambda: session.add_point((9, 9), index=2),
        lambda: session.paint(np.ones((40, 50), bool), index=2),
        lambda: session.delete_object(liver),
        lambda: session.fill_holes(liver),
        lambda: session.split_object(liver),
        lambda: session.propagate(1, 4),
        lambda: session.remove_prompt(session.settled_prompts[0]),
    ):
        with pytest.raises(InputError, match="locked"):
            change()
    assert liver.voxels == 256
    session.undo()
    assert not liver.locked
    session.add_point((9, 9), index=2)


def test_several_objects_are_deleted_in_one_step_or_none_of_them(session):
    liver, vein = _two(session)
    session.accept()
    session.lock_object(vein)
    with pytest.raises(InputError, match="locked"):
        session.delete_objects(liver, vein)
    assert len(session.objects) == 2
    session.lock_object(vein, False)
    session.delete_objects(liver, vein)
    assert not session.objects
    session.undo()
    assert liver.voxels == vein.voxels == 256


def test_objects_are_merged_and_parted_again(session):
    liver, vein = _two(session)
    session.accept()
    union = (session.labels > 0).sum()
    session.merge_objects(liver, [vein])
    assert [item.id for item in session.objects] == [liver.id]
    assert liver.voxels == union
    session.undo()
    assert vein.voxels == 256


def test_islands_become_objects_and_the_largest_keeps_number_and_name(session):
    lesions = session.new_object("lesions")
    session.add_box((2, 2, 10, 10), index=1)
    session.add_box((20, 20, 22, 22), index=4)
    session.accept()
    parts = session.split_object(lesions)
    assert [item.voxels for item in parts] == [81, 9]
    assert [item.name for item in parts] == ["lesions", "lesions 2"]
    assert session.labels[1, 5, 5] == lesions.id
    session.undo()
    assert lesions.voxels == 90
    with pytest.raises(InputError, match="of one piece"):
        session.split_object(session.merge_objects(*_pair(session)))


def _pair(session):
    session.new_object()
    session.add_box((2, 12, 10, 20), index=1)
    first = session.accept()
    session.new_object()
    session.add_box((2, 21, 10, 25), index=1)
    return first, [session.accept()]


def test_holes_are_filled_but_not_over_others(session):
    ring = np.zeros((40, 50), bool)
    ring[5:20, 5:20] = True
    ring[8:17, 8:17] = False
    item = session.new_object("ring")
    session.paint(ring, index=2)
    session.accept()
    session.new_object("core")
    session.add_box((11, 11, 13, 13), index=2)
    session.lock_object(session.accept())
    assert session.fill_holes(item) == 81 - 9
    assert session.labels[2, 12, 12] == 2
    session.undo()
    assert item.voxels == ring.sum()


def test_the_object_under_the_mouse_is_found_in_every_plane(session):
    liver, _vein = _two(session)
    session.accept()
    assert session.object_at((6, 6), index=2) == liver
    assert session.object_at((2, 6), index=6, axis=1) == liver
    assert session.object_at((0, 0), index=2) is None
    assert session.object_at((99, 0), index=2) is None
    with pytest.raises(OutsideImage):
        session.object_at((0, 0), index=99)


def test_a_moved_click_asks_all_prompts_of_its_plane_afresh(session, engine):
    first = session.add_point((10, 12), index=2)
    session.add_point((30, 30), positive=False, index=2)
    moved = session.move_prompt(first, point_rc=(20, 20))
    assert engine.asked[-2].previous is None, "the answer before knew of the old place"
    np.testing.assert_array_equal(engine.asked[-2].prompts.points, [(20, 20)])
    assert engine.asked[-1].previous.mask[20, 20], "a network corrects one click at a time"
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(20, 20), (30, 30)])
    assert session.preview.mask[20, 20]
    assert not session.preview.mask[10, 12]
    assert session.prompts[0] is moved
    session.undo()
    assert session.preview.mask[10, 12]
    with pytest.raises(InputError, match="rows 0 to 39"):
        session.move_prompt(first, point_rc=(99, 0))


def test_a_lasso_asks_with_its_box_and_its_middle(session, engine, draw):
    session.add_lasso(draw((40, 50), 10, 12, side=9), index=2)
    asked = engine.asked[-1].prompts
    assert tuple(asked.box) == (10, 12, 18, 20)
    np.testing.assert_array_equal(asked.points, [(14, 16)])
    assert asked.mask is None


def test_the_answer_to_a_lasso_ends_at_its_line_and_a_click_goes_on_beyond_it(session, engine):
    enclosed = np.tri(40, 50, dtype=bool)  # the model is asked with its box, which is everything
    session.add_lasso(enclosed, index=2)
    np.testing.assert_array_equal(session.preview.mask, enclosed)
    assert session.request() is None
    session.add_point((5, 40), index=2)
    np.testing.assert_array_equal(engine.asked[-1].previous.mask, enclosed)
    assert session.preview.mask[5, 40]


@pytest.mark.parametrize(
    ("point", "positive"), [((30, 5), True), ((30, 5), False), ((5, 40), False)]
)
def test_a_correction_that_shows_nothing_beyond_a_lasso_keeps_to_its_line(session, point, positive):
    enclosed = np.tri(40, 50, dtype=bool)
    session.add_lasso(enclosed, index=2)
    session.add_point(point, positive, index=2)
    assert not (session.preview.mask & ~enclosed).any()
    assert session.preview.mask[point] == positive
    session.add_point((5, 40), index=2)
    assert session.preview.mask[2, 35], "the model's own answer again"


@pytest.mark.parametrize("first", ["click", "scribble", "lasso"])
def test_the_line_of_a_lasso_holds_whatever_was_said_before_it(session, draw, first):
    enclosed = np.tri(40, 50, dtype=bool)
    seen = session.add_point((12, 3), index=2)
    if first == "click":
        session.add_point((30, 5), positive=False, index=2)
    else:
        remove = session.add_scribble if first == "scribble" else session.add_lasso
        remove(draw((40, 50), 30, 5, side=3), positive=False, index=2)
    session.add_lasso(enclosed, index=2)
    assert not (session.preview.mask & ~enclosed).any()
    session.remove_prompt(seen)
    assert session.preview.mask.any()
    assert not (session.preview.mask & ~enclosed).any()


def test_a_box_and_paint_beyond_a_lasso_count_more_than_its_line(session, draw):
    enclosed = np.tri(40, 50, dtype=bool)
    session.add_lasso(enclosed, index=2)
    session.paint(enclosed | draw((40, 50), 2, 40), index=2)
    session.add_point((3, 42), index=2)
    assert session.preview.mask[3, 42]
    session.discard()
    session.add_lasso(enclosed, index=2)
    session.add_box((0, 10, 20, 49), index=2)
    assert session.preview.mask[2, 45]


def test_a_lasso_around_a_part_bounds_what_was_there_before(session, engine, draw):
    session.add_box((5, 5, 30, 40), index=2)
    enclosed = draw((40, 50), 10, 12, side=9) & np.tri(40, 50, dtype=bool)
    session.add_lasso(enclosed | draw((40, 50), 12, 13, side=3), index=2)
    assert not (engine.asked[-1].previous.mask & ~session.prompts[-1].mask).any()


def test_the_first_look_at_a_lasso_ends_at_its_line(session, engine):
    enclosed = np.tri(40, 50, dtype=bool)
    session.add_lasso(enclosed, index=2, predict=False)
    engine.glimpse = engine.predict
    seen = session.request().glimpse(engine)
    np.testing.assert_array_equal(seen.mask, enclosed)


def test_thinking_of_a_click_changes_nothing(session, engine):
    session.add_point((10, 12), index=2)
    before = session._state
    answer = session.imagine((12, 14), index=2).answer(engine)
    assert session._state is before
    session.add_point((12, 14), index=2)
    np.testing.assert_array_equal(session.preview.mask, answer.mask)


def test_labels_that_are_handed_in_leave_locked_objects_as_they_are(session, draw):
    session.add_box((5, 5, 20, 20), index=2)
    liver = session.accept()
    session.lock_object(liver)
    session.set_labels(np.full((6, 40, 50), 7))
    assert liver.voxels == 256
    assert session.labels[2, 6, 6] == liver.id
    assert session.labels[0, 0, 0] == 7


def test_discarding_is_taken_back_by_undo(session):
    session.add_point((10, 12), index=2)
    session.add_point((20, 22), index=2)
    shown = session.preview
    session.discard()
    assert session.preview is None
    session.undo()
    assert session.preview is shown
    assert len(session.prompts) == 2


def test_painting_into_the_labels_changes_those_voxels_and_nothing_else(session, draw):
    session.paint(draw((40, 50), 10, 10), index=2)
    first = session.accept()
    waiting = session.new_object("empty")
    session.paint(draw((40, 50), 25, 30), index=3)
    labels = session.labels.copy()
    labels[2, 0, :3] = first.id
    labels[4, 5, 5] = 9
    assert session.repaint(labels)
    np.testing.assert_array_equal(session.labels, labels)
    assert session.current == waiting
    assert session.preview.mask.any()
    assert {item.id for item in session.objects} == {first.id, waiting.id, 9}
    assert not session.repaint(session.labels)
    assert session.new_object().id == 10
    session.undo()
    session.undo()
    assert not session.labels[2, 0, 0]


def test_painting_is_looked_for_in_the_named_slices_alone(session, draw):
    session.paint(draw((40, 50), 10, 10), index=2)
    item = session.accept()
    labels = session.labels.copy()
    labels[[2, 4], 0, 0] = item.id
    assert not session.repaint(labels, [0, 1])
    assert session.repaint(labels, [4])
    assert session.labels[[2, 4], 0, 0].tolist() == [0, item.id]
    with pytest.raises(InputError, match="labels of"):
        session.repaint(labels[:, :5], [4])


def test_slices_that_numpy_counted_are_saved_as_any_others(session, draw, tmp_path):
    session.paint(draw((40, 50), 10, 10), index=2)
    session.accept()
    labels = session.labels.copy()
    labels[4, :3, :3] = 1
    changed = np.flatnonzero((labels != session.labels).any(axis=(1, 2)))
    assert session.repaint(labels, changed)
    session.save(tmp_path / "a.session")
    again = Session.resume(tmp_path / "a.session", session.volume)
    np.testing.assert_array_equal(again.labels, labels)
    session.export(tmp_path / "a.json")


@pytest.mark.parametrize("index", [-1, 6, 2.0])
def test_a_slice_that_is_none_is_not_painted(session, draw, index):
    session.paint(draw((40, 50), 10, 10), index=2)
    session.accept()
    labels = session.labels.copy()
    labels[-1, :3, :3] = 1
    with pytest.raises(InputError, match=r"[Ss]lice"):
        session.repaint(labels, [index])
    assert session.objects[0].slices == (2,)


def test_labels_may_come_with_new_names_for_objects_that_are_there(session: Session, draw):
    session.new_object("liver")
    session.paint(draw((40, 50), 10, 10), index=2)
    session.accept()
    session.set_labels(session.labels.copy())
    assert session.objects[0].name == "liver"
    session.set_labels(session.labels.copy(), names={1: "spleen"})
    assert session.objects[0].name == "spleen"


def test_a_slice_that_a_person_emptied_stays_settled_where_labels_leave_it_empty(session, draw):
    session.paint(draw((40, 50), 10, 10), index=2)
    session.paint(np.zeros((40, 50), bool), index=3)
    session.accept()
    labels = session.labels.copy()
    labels[5, 30:33, 30:33] = 1
    session.set_labels(labels)
    session.select(1)
    assert {prompt.ref.index for prompt in session.settled_prompts} == {2, 3}
    labels[3, 30:33, 30:33] = 1
    session.set_labels(labels)
    session.select(1)
    assert {prompt.ref.index for prompt in session.settled_prompts} == {2}
