"""Paint that meets another object follows the rule for overlaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_samunet import Session, Volume
from napari_samunet.packed import PackedMask
from napari_samunet.session.checks import label_array
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.repaint import repainted
from napari_samunet.session.state import State


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


def test_the_slices_of_an_object_are_looked_for_once(monkeypatch):
    session = Session(Volume.from_array(np.zeros((4, 8, 8), np.float32)))
    session.set_labels(np.ones((4, 8, 8), np.uint16))
    first = [session.objects[0].slices_along(axis) for axis in range(3)]
    monkeypatch.delattr(PackedMask, "crop")
    assert [session.objects[0].slices_along(axis) for axis in range(3)] == first


def _overlapping(seed: int, locked: tuple[int, ...]) -> tuple[State, dict[int, np.ndarray]]:
    """Four objects of noise in boxes that overlap, and their masks (Z, Y, X)."""
    rng, state, masks = np.random.default_rng(seed), State(), {}
    for number in range(1, 5):
        masks[number] = np.zeros((5, 30, 40), bool)
        z, y, x = rng.integers(0, (3, 15, 20))
        masks[number][z : z + 3, y : y + 15, x : x + 20] = rng.random((3, 15, 20)) < 0.5
        packed = {z: PackedMask.of(mask) for z, mask in enumerate(masks[number]) if mask.any()}
        item = ObjectState(number, "", (1, 1, 1), (5, 30, 40), packed, locked=number in locked)
        state = replace(state, objects=(*state.objects, item), next_id=5)
    return state, masks


@pytest.mark.parametrize("rule", ["both", "keep", "replace"])
@pytest.mark.parametrize("locked", [(), (2,), (1, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_every_voxel_that_is_painted_belongs_to_whom_the_rules_give_it(rule, locked, seed):
    state, wanted = _overlapping(seed, locked)
    labels = np.zeros((5, 30, 40), np.uint16)
    for number, mask in wanted.items():
        labels[mask] = number
    rng = np.random.default_rng(seed)
    painted, place = labels.copy(), (slice(None), slice(6, 20), slice(3, 28))
    painted[place] = np.where(rng.random((5, 14, 25)) < 0.6, painted[place], seed + 3)
    painted[2:4, 10:12] = 0
    wanted.setdefault(5, np.zeros_like(wanted[1]))
    free = (painted != labels) & ~np.isin(painted, locked)
    for number, mask in wanted.items():
        others = (painted != number) & (painted != 0)
        free &= ~(mask & (others if rule == "keep" and number not in locked else number in locked))
    for number in wanted.keys() - set(locked):
        others = (painted != number) & (painted != 0) & (rule == "both")
        wanted[number] = np.where(free & ~others, painted == number, wanted[number])
    state = repainted(state, dict(enumerate(painted)), labels, rule)
    for item in state.objects:
        np.testing.assert_array_equal(item.mask(), wanted.pop(item.id))
    assert not any(mask.any() for mask in wanted.values())


def test_a_stroke_looks_at_no_object_that_it_does_not_meet(monkeypatch):
    session = Session(Volume.from_array(np.zeros((3, 8, 8), np.float32)))
    labels = np.arange(8, dtype=np.uint16) * np.ones((3, 8, 8), np.uint16)
    session.set_labels(labels)
    looked: set[int] = set()
    with_plane = ObjectState.with_plane

    def counted(item: ObjectState, *arguments):
        looked.add(item.id)
        return with_plane(item, *arguments)

    monkeypatch.setattr(ObjectState, "with_plane", counted)
    labels[:, 2:4, 5] = 3
    assert session.repaint(labels)
    assert looked == {3, 5}


def test_a_stroke_unpacks_no_object_that_it_does_not_meet(monkeypatch):
    session = Session(Volume.from_array(np.zeros((3, 8, 8), np.float32)))
    labels = np.arange(8, dtype=np.uint16) * np.ones((3, 8, 8), np.uint16)
    session.set_labels(labels)
    unpacked: list[PackedMask] = []
    unpack = PackedMask.unpack
    monkeypatch.setattr(
        PackedMask, "unpack", lambda mask: unpacked.append(mask) or unpack(mask), raising=True
    )
    labels[1, 2:4, 5] = 3
    assert session.repaint(labels)
    columns = {mask.corner[1] for mask in unpacked if not mask.is_empty}
    assert columns == {3, 5}


def test_labels_of_our_own_kind_are_looked_at_where_they_are_and_stay_as_they_are():
    session = Session(Volume.from_array(np.zeros((3, 8, 8), np.float32)))
    labels = np.zeros((3, 8, 8), np.uint16)
    labels[1, 2:5] = 1
    assert label_array(labels, labels.shape) is labels
    session.set_labels(labels)
    session.lock_object(1)
    labels[:] = 2
    session.set_labels(labels)
    assert (labels == 2).all()
    assert (session.labels[1, 2:5] == 1).all()


def test_paint_on_no_slice_is_nothing():
    session = Session(Volume.from_array(np.zeros((3, 8, 8), np.float32)))
    assert not session.repaint(np.ones((3, 8, 8), int), indices=[])
    assert not session.can_undo
