"""A locked object stays as it is, in its mask and in the labels, whatever comes in."""

from __future__ import annotations

import numpy as np
from disc_engine import SHAPE, square

from napari_samunet.io.masks import Masks
from napari_samunet.io.segments import Segment
from napari_samunet.session.session import Session


def _paint(session: Session, row: int, column: int, side: int = 10):
    session.new_object()
    session.paint(square(SHAPE[1:], row, column, side), index=2)
    return session.accept()


def _cyst(row: int, column: int) -> Masks:
    mask = np.zeros(SHAPE, bool)
    mask[2] = square(SHAPE[1:], row, column, 10)
    return Masks((Segment.of(7, "cyst", mask),))


def test_masks_from_a_file_are_not_painted_over_a_locked_object_and_a_notice_says_what_is_missing(
    session: Session, notices
):
    liver = _paint(session, 5, 5)
    session.lock_object(liver)
    (cyst,) = session.take_masks(_cyst(10, 10))
    assert (session.labels == liver.id).sum() == liver.voxels == 100
    assert (session.labels == cyst.id).sum() == cyst.voxels == 75
    assert len(notices) == 1
    assert "cyst: 25 of its 100 voxels" in notices[0]
    assert "unlock" in notices[0]


def test_masks_from_a_file_that_lie_in_a_locked_object_leave_no_empty_slice_behind(session):
    session.lock_object(_paint(session, 5, 5))
    (cyst,) = session.take_masks(_cyst(5, 5))
    assert cyst.slices == ()


def test_masks_from_a_file_come_whole_where_nothing_is_locked(session, notices):
    liver = _paint(session, 5, 5)
    (cyst,) = session.take_masks(_cyst(10, 10))
    assert liver.voxels == cyst.voxels == 100
    assert not notices


def test_labels_that_are_handed_in_keep_a_locked_object_that_has_no_mask_yet(session):
    spleen = session.new_object("spleen")
    session.lock_object(spleen)
    session.set_labels(np.zeros(SHAPE, int))
    assert session.objects == (spleen,)
    assert spleen.locked


def test_labels_that_are_handed_in_leave_locked_objects_whole_where_these_overlap(session):
    first, second = _paint(session, 5, 5), _paint(session, 10, 10)
    shown = session.labels.copy()
    for item in (first, second):
        session.lock_object(item)
    session.set_labels(shown, names={1: "another"})
    assert (first.voxels, second.voxels) == (100, 100)
    assert first.name == "object 1"
    np.testing.assert_array_equal(session.labels, shown)


def test_the_number_of_a_locked_object_means_nothing_elsewhere_in_labels_that_are_handed_in(
    session,
):
    liver = _paint(session, 5, 5)
    session.lock_object(liver)
    session.set_labels(np.full(SHAPE, liver.id))
    assert (session.labels == liver.id).sum() == liver.voxels == 100
    assert session.new_object().id == liver.id + 1
