"""Paint that meets another object follows the rule for overlaps."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet import Session, Volume


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [("keep", True, False), ("replace", False, True), ("both", True, True)],
)
def test_who_gets_a_voxel_that_is_painted_over(rule, first, second):
    session = Session(Volume.from_array(np.zeros((3, 8, 8), np.float32)))
    labels = np.zeros((3, 8, 8), np.uint16)
    labels[1, :4], labels[1, 6:] = 1, 2
    session.set_labels(labels)
    labels[1, 2:7, 3], labels[1, 0, 0] = 2, 0
    assert session.repaint(labels, [1], overlap=rule)
    one, two = session.objects
    assert (one.mask_at(1)[2, 3], two.mask_at(1)[2, 3]) == (first, second)
    assert two.mask_at(1)[4:7, 3].all(), "where nothing was, paint is free"
    assert not one.mask_at(1)[0, 0], "what is erased is gone"
    assert one.mask_at(1)[1].all()


def test_an_object_has_its_slices_along_every_axis():
    session = Session(Volume.from_array(np.zeros((4, 8, 8), np.float32)))
    labels = np.zeros((4, 8, 8), np.uint16)
    labels[1, 2:5, 6], labels[3, 7, 6:] = 1, 1
    session.set_labels(labels)
    found = [session.objects[0].slices_along(axis) for axis in range(3)]
    assert found == [(1, 3), (2, 3, 4, 7), (6, 7)]
