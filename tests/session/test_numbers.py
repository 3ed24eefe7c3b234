"""Files number objects as they like: there is always a number for the next one."""

from __future__ import annotations

import numpy as np

from napari_samunet.session.labelset import LabelName
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
