"""Files number objects as they like: there is always a number for the next one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from disc_engine import SHAPE, square
from kept_sessions import all_states, kept, read_back

from napari_samunet.errors import InputError
from napari_samunet.io.masks import Masks
from napari_samunet.io.segments import Segment
from napari_samunet.session.colors import color_of
from napari_samunet.session.labelset import LabelName, label_sets
from napari_samunet.session.session import Session
from napari_samunet.session.state import MAX_ID, next_number


def test_the_next_object_after_the_last_number_gets_the_lowest_free_one(session: Session):
    array = np.zeros((6, 40, 50), int)
    array[2, 5:9, 5:9], array[3, 5:9, 5:9] = MAX_ID, 1
    session.set_labels(array)
    session.add_point((20, 20), index=3)
    assert session.current.id == 2
    assert session.new_object().id == 3
    labels = session.labels.copy()
    labels[0, :3, :3] = 4
    session.repaint(labels)
    assert session.new_object().id == 5


def test_painting_the_last_number_leaves_numbers_for_others(session: Session):
    labels = session.labels.copy()
    labels[0, :3, :3] = MAX_ID
    session.repaint(labels)
    assert session.new_object().id == 1


def test_imported_objects_keep_their_numbers_though_one_is_the_last(session: Session, tmp_path):
    array = np.zeros((6, 40, 50), int)
    array[2, 5:9, 5:9], array[3, 5:9, 5:9], array[4, 5:9, 5:9] = MAX_ID, 1, 3
    session.set_labels(array)
    path = session.export(tmp_path / "labels.nii.gz")
    other = Session(session.volume, session.engine)
    assert [item.id for item in other.import_masks(path)] == [1, 3, MAX_ID]
    assert [item.id for item in other.import_masks(path)] == [2, 4, 5]
    assert other.new_object().id == 6


def test_that_no_number_is_left_is_seen():
    assert next_number(7, {1, 2}) == 7
    assert next_number(MAX_ID + 1, set(range(1, MAX_ID + 1))) > MAX_ID


def test_a_label_set_and_islands_are_handed_out_though_their_numbers_begin_anew(session: Session):
    array = np.zeros((6, 40, 50), int)
    array[2, 5:9, 5:9], array[4, 20:30, 20:30] = MAX_ID, MAX_ID
    session.set_labels(array)
    pieces = session.split_object(MAX_ID)
    assert [item.id for item in pieces] == [MAX_ID, 1]
    names = session.add_label_set([LabelName("liver"), LabelName("spleen")])
    assert [(item.id, item.name) for item in names] == [(2, "liver"), (3, "spleen")]
    assert session.current.id == 2


def _masks(*named: tuple[int, str]) -> Masks:
    """Masks of a file: each on a row of its own."""
    segments = []
    for row, (number, name) in enumerate(named):
        mask = np.zeros(SHAPE, bool)
        mask[2, row] = True
        segments.append(Segment.of(number, name, mask))
    return Masks(tuple(segments))


def _objects(session: Session) -> list[tuple[int, str]]:
    return [(item.id, item.name) for item in session.objects]


def test_masks_keep_the_numbers_of_their_file_whatever_was_deleted_before(session, notices):
    session.delete_object(session.new_object("stray"))
    ribs = _masks((1, "rib 1"), (5, "rib 5"), (7, "rib 7"))
    for item in session.take_masks(ribs):
        session.delete_object(item)
    assert [item.id for item in session.take_masks(ribs)] == [1, 5, 7]
    session.delete_object(5)
    assert [item.id for item in session.take_masks(_masks((5, "rib 5")))] == [5]
    assert not notices
    session.delete_object(7)
    assert session.new_object().id == 8, "a new object is not mistaken for one of before"


def test_a_number_that_came_back_is_the_object_of_its_time_in_undo_and_in_the_journal(
    volume, tmp_path
):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    session.accept()
    session.select(1)
    session.add_point((12, 9), index=3)
    old, prompt = session.objects[0].mask, session.prompts[0]
    session.delete_object(1)
    (new,) = session.take_masks(_masks((1, "rib")))
    assert new.id == 1
    assert not new.keys
    with pytest.raises(InputError):
        session.remove_prompt(prompt)
    session.undo()
    session.undo()
    assert np.array_equal(session.objects[0].mask, old)
    session.redo()
    session.redo()
    assert session.objects[0].name == "rib"
    journal.close()
    assert all_states(read_back(journal.path, volume)) == all_states(session)


def test_every_number_that_changed_is_said(session, notices):
    session.take_masks(_masks((1, "liver"), (2, "spleen")))
    session.take_masks(_masks((2, "vein"), (3, "object 3"), (1, "object 1"), (70000, "cyst")))
    assert _objects(session)[2:] == [(4, "vein"), (3, "object 3"), (5, "object 5"), (6, "cyst")]
    assert notices == ["Numbers changed: 2 → 4, 1 → 5, 70000 → 6"]
    many = _masks(*((number, f"rib {number}") for number in range(1, 31)))
    session.take_masks(many)
    session.take_masks(many)
    assert notices[-1].startswith("Numbers changed: 1 → 37, 2 → 38, ")
    assert notices[-1].endswith(" and 18 more")


def test_masks_go_into_the_empty_objects_of_their_names(session, notices):
    session.add_label_set([LabelName("liver", (1, 0, 0)), LabelName("spleen"), LabelName("aorta")])
    session.lock_object(3)
    liver, aorta = session.take_masks(_masks((6, "liver"), (3, "aorta")))
    assert (liver.id, liver.color, aorta.id) == (1, (1, 0, 0), 7)
    assert _objects(session) == [(2, "spleen"), (3, "aorta"), (1, "liver"), (7, "aorta")]
    assert notices == ["Numbers changed: 6 → 1, 3 → 7"]
    assert session.current == liver
    session.undo()
    assert not any(item.voxels for item in session.objects)


def test_what_is_begun_or_drawn_takes_no_masks_of_its_name(session):
    session.new_object("liver")
    session.add_point((20, 20), index=2)
    session.new_object("spleen")
    session.paint(square(SHAPE[1:], 5, 5), index=2)
    session.accept()
    added = session.take_masks(_masks((1, "liver"), (2, "spleen")))
    assert [item.id for item in added] == [3, 4]


def test_names_and_masks_of_one_number_find_each_other_whichever_comes_first(
    session, engine, notices
):
    names = [LabelName("spleen", (0, 1, 0), 1), LabelName("liver", None, 5)]
    names += [LabelName("colon", None, 20)]
    masks = _masks((1, "object 1"), (5, "object 5"), (6, "object 6"))
    wanted = [(1, "spleen"), (5, "liver"), (6, "object 6"), (20, "colon")]
    session.add_label_set(names)
    session.take_masks(masks)
    assert sorted(_objects(session)) == wanted
    other = Session(session.volume, engine)
    other.notice.connect(notices.append)
    other.take_masks(masks)
    other.add_label_set(names)
    assert sorted(_objects(other)) == wanted
    for each in (session, other):
        assert {item.name: item.color for item in each.objects}["spleen"] == (0, 1, 0)
    assert notices == ["Named by number: 1 spleen, 5 liver"] * 2
    assert [item.voxels for item in other.objects] == [50, 50, 50, 0]


def test_masks_show_over_each_other_as_in_their_file_whatever_list_waits_for_them(session):
    session.add_label_set([LabelName("tumor"), LabelName("liver")])
    liver, tumor = _masks((1, "liver"), (2, "tumor")).segments
    session.take_masks(Masks((liver, replace(tumor, corner=liver.corner))))
    assert set(session.labels[2, 0].tolist()) == {1}
    assert session.objects[-1].name == "tumor"


def test_a_name_never_takes_the_number_of_an_object_that_has_another(session, notices):
    session.take_masks(_masks((2, "vein")))
    names = [LabelName("liver", number=1), LabelName("spleen", number=2), LabelName("a", number=3)]
    session.add_label_set(names)
    assert _objects(session) == [(2, "vein"), (1, "liver"), (4, "spleen"), (3, "a")]
    assert notices == ["Numbers changed: 2 → 4"]


def test_what_a_preset_still_lacks_has_the_same_number_on_the_next_day(session):
    session.take_masks(_masks((1, "liver"), (2, "spleen"), (5, "gallbladder")))
    there = {item.name for item in session.objects}
    session.add_label_set([item for item in label_sets()["abdomen"] if item.name not in there])
    numbers = {item.name: item.id for item in session.objects}
    assert (numbers["right kidney"], numbers["left kidney"], numbers["stomach"]) == (3, 4, 6)


def test_a_mask_keeps_the_colour_of_its_file_and_one_without_gets_that_of_its_number(
    session: Session,
):
    """Black is what files write that know of none."""
    given = [(0.1, 0.2, 0.3), None, (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    masks = _masks(*((number, f"part {number}") for number in range(1, 5)))
    segments = [replace(s, color=c) for s, c in zip(masks.segments, given, strict=True)]
    added = session.take_masks(Masks(tuple(segments)))
    assert [item.color for item in added] == [given[0], color_of(2), color_of(3), given[3]]


def test_a_label_set_names_nothing_that_a_person_drew(session, draw):
    for side in (4, 9):
        session.new_object()
        session.paint(draw((40, 50), 10, 10, side=side), index=2)
        session.accept()
    session.new_object()
    session.add_label_set([LabelName(name, number=n) for n, name in enumerate("abc", start=1)])
    assert _objects(session)[:2] == [(1, "object 1"), (2, "object 2")]
    assert _objects(session)[2:] == [(3, "c"), (4, "a"), (5, "b")], "one that is empty gets a name"


def test_masks_of_one_name_go_into_the_objects_of_their_numbers(session, notices):
    names = [LabelName("Liver", number=1), LabelName("Liver", number=2)]
    session.add_label_set(names)
    session.take_masks(_masks((1, "Liver"), (2, "Liver")))
    assert [(item.id, item.voxels > 0) for item in session.objects] == [(1, True), (2, True)]
    assert not [line for line in notices if "Numbers changed" in line]
