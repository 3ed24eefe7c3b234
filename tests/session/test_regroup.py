"""Objects are joined, parted and filled, and nothing of them is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_samunet.errors import InputError
from napari_samunet.packed import PackedMask
from napari_samunet.session import regroup
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def test_many_islands_are_told_apart_though_their_boxes_overlap(session):
    frames = np.zeros((6, 40, 50), int)
    for size in (19, 14, 9, 4):
        frames[1:5, 20 - size : 20 + size, 20 - size : 20 + size] = 1
        frames[1:5, 22 - size : 18 + size, 22 - size : 18 + size] = 0
    frames[0, 0, 49] = 1
    session.set_labels(frames)
    parts = session.split_object(1)
    assert len(parts) == 5
    assert parts[0].id == 1
    assert parts[0].voxels == max(item.voxels for item in parts)
    np.testing.assert_array_equal(sum(item.mask.astype(int) for item in parts), frames)
    assert (session.labels > 0).sum() == frames.sum()


def test_merging_brings_along_what_is_not_accepted_yet(session, draw):
    liver = session.new_object("liver")
    session.paint(draw((40, 50), 5, 5), index=2)
    session.paint(draw((40, 50), 5, 5), index=3)
    session.accept()
    cyst = session.new_object("cyst")
    for index in (2, 3, 4):
        session.paint(draw((40, 50), 20, 20), index=index)
    session.accept()
    session.select(cyst)
    session.paint(draw((40, 50), 20, 30), index=3)
    session.add_point((30, 30), index=5)
    session.merge_objects(liver, [cyst])
    assert session.previews[SliceRef(0, 5)].mask[30, 30]
    assert {prompt.object_id for prompt in session.prompts} == {liver.id}
    seen = session.previews[SliceRef(0, 3)].mask
    np.testing.assert_array_equal(seen, draw((40, 50), 5, 5) | draw((40, 50), 20, 30))
    session.accept()
    assert liver.slices == (2, 3, 4, 5)
    assert liver.mask_at(3)[6, 6], "the preview of the cyst does not take the liver's slice away"


def test_merging_keeps_the_preview_of_the_one_and_the_mask_of_the_other(session, draw):
    cyst = session.new_object("cyst")
    session.paint(draw((40, 50), 20, 20), index=2)
    session.accept()
    liver = session.new_object("liver")
    session.paint(draw((40, 50), 5, 5), index=2)
    session.merge_objects(liver, [cyst])
    session.accept()
    np.testing.assert_array_equal(liver.mask_at(2), draw((40, 50), 5, 5) | draw((40, 50), 20, 20))


def _pair(session, draw, first: int, second: int):
    """Two objects, each painted and accepted on one slice."""
    items = []
    for index, corner in ((first, 5), (second, 20)):
        item = session.new_object()
        session.paint(draw((40, 50), corner, corner), index=index)
        session.accept()
        items.append(item)
    return items


def test_what_a_person_settled_of_either_is_settled_of_the_one(session, draw):
    liver, cyst = _pair(session, draw, 1, 4)
    settled = cyst.mask_at(4)
    session.merge_objects(liver, [cyst])
    assert set(session.plan_propagation(0, 5).keys) == {1, 4}
    assert set(session.plan_around(4).keys) == {1, 4}
    assert {prompt.ref.index for prompt in session.settled_prompts} == {1, 4}
    session.propagate(0, 5)
    np.testing.assert_array_equal(liver.mask_at(4), settled)
    cyst_part = next(prompt for prompt in session.settled_prompts if prompt.ref.index == 4)
    session.remove_prompt(cyst_part)
    session.accept()
    assert not liver.mask_at(4).any(), "the prompt is the liver's now, to be taken away again"


def test_undo_parts_what_was_settled_too_and_redo_joins_it(session, draw):
    liver, cyst = _pair(session, draw, 1, 4)
    session.merge_objects(liver, [cyst])
    session.undo()
    assert [item.keys for item in session.objects] == [(SliceRef(0, 1),), (SliceRef(0, 4),)]
    session.redo()
    assert set(session.objects[0].keys) == {SliceRef(0, 1), SliceRef(0, 4)}


@pytest.mark.parametrize("by_journal", [False, True])
def test_what_was_settled_before_a_merge_is_known_over_night(session, draw, tmp_path, by_journal):
    journal = Journal(ImageIdentity(session.volume), lambda _head: tmp_path / "a.journal")
    session.keep_journal(journal)
    liver, cyst = _pair(session, draw, 1, 4)
    session.merge_objects(liver, [cyst])
    path = session.save(tmp_path / "a.samunet")
    journal.close()
    if by_journal:
        path = tmp_path / "a.journal"
    resumed = Session.resume(path, session.volume, session.engine)
    assert resumed.objects[0].keys == liver.keys
    resumed.select(liver.id)
    seen = {(prompt.object_id, prompt.ref.index) for prompt in resumed.settled_prompts}
    assert seen == {(liver.id, 1), (liver.id, 4)}


def test_where_a_merged_object_was_emptied_the_other_one_goes_on(session, draw):
    liver, cyst = _pair(session, draw, 1, 2)
    session.select(cyst)
    session.paint(np.zeros((40, 50), bool), index=3)
    session.accept()
    session.merge_objects(liver, [cyst])
    plan = session.plan_propagation(0, 5)
    assert set(plan.keys) == {1, 2}
    assert not plan.emptied


def test_what_a_merged_object_brought_stays_past_a_slice_that_was_emptied(session, draw):
    liver, cyst = _pair(session, draw, 1, 5)
    session.select(liver)
    session.paint(np.zeros((40, 50), bool), index=3)
    session.accept()
    brought = cyst.mask_at(5)
    session.merge_objects(liver, [cyst])
    session.propagate(0, 5)
    assert not liver.mask_at(3).any()
    np.testing.assert_array_equal(liver.mask_at(5), brought)


def test_prompts_tell_nothing_of_a_slice_that_both_objects_were_on(session, draw):
    liver, cyst = _pair(session, draw, 2, 2)
    session.select(cyst)
    session.paint(draw((40, 50), 20, 20), index=4)
    session.accept()
    session.merge_objects(liver, [cyst])
    assert set(liver.keys) == {SliceRef(0, 2), SliceRef(0, 4)}
    assert [prompt.ref.index for prompt in session.settled_prompts] == [4]


def test_filling_holes_takes_nothing_from_where_two_objects_overlap(session):
    kidney = session.new_object("kidney")
    session.add_box((5, 5, 20, 20), index=2)
    session.accept()
    session.new_object("tumour")
    session.add_box((8, 8, 12, 12), index=2)
    session.accept()
    session.overlap = "keep"
    assert session.fill_holes(kidney) == 0
    assert kidney.voxels == 256


@pytest.mark.parametrize("share", [0.1, 0.3, 0.55, 0.8])
def test_all_that_a_slice_encloses_is_filled_up_to_the_edge_of_the_image(session, share):
    labels = (np.random.default_rng(3).random((6, 40, 50)) < share).astype(int)
    labels[1, :9], labels[2, :, :30], labels[3, 10:] = 0, 0, 0
    session.set_labels(labels)
    filled = np.stack([ndimage.binary_fill_holes(mask_yx) for mask_yx in labels > 0])
    assert session.fill_holes(1) == filled.sum() - labels.sum()
    np.testing.assert_array_equal(session.objects[0].mask, filled)


def test_filling_holes_asks_who_else_is_there_only_where_there_are_holes(
    session, draw, monkeypatch
):
    labels = np.zeros((6, 40, 50), int)
    labels[:] = draw((40, 50), 10, 10)
    labels[3, 12, 12] = 0
    session.set_labels(labels)
    asked, claimed = [], regroup.claimed

    def counted(state, number, masks, *arguments):
        asked.extend(ref.index for ref in masks)
        return claimed(state, number, masks, *arguments)

    monkeypatch.setattr(regroup, "claimed", counted)
    assert session.fill_holes(1) == 1
    assert asked == [3]


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_islands_are_those_of_the_whole_volume(session, share):
    labels = (np.random.default_rng(4).random((6, 40, 50)) < share).astype(int)
    labels[:, :7], labels[0] = 0, 0
    session.set_labels(labels)
    islands, count = ndimage.label(labels, np.ones((3, 3, 3)))
    wanted = [islands == number for number in range(1, count + 1)]
    wanted.insert(0, wanted.pop(np.argmax([mask.sum() for mask in wanted])))
    parts = session.split_object(1)
    assert len(parts) == count
    for part, mask in zip(parts, wanted, strict=True):
        np.testing.assert_array_equal(part.mask, mask)


def test_no_whole_volume_is_made_to_look_for_islands(session, draw, monkeypatch):
    labels = np.zeros((6, 40, 50), int)
    labels[2] = draw((40, 50), 5, 5) | draw((40, 50), 20, 20)
    labels[4, 10:20, 10:20] = 2
    session.set_labels(labels)
    empty = session.new_object()
    monkeypatch.delattr(ObjectState, "mask")
    assert len(session.split_object(1)) == 2
    for item in (2, empty):
        with pytest.raises(InputError, match="one piece"):
            session.split_object(item)


@pytest.mark.parametrize("rule", ["both", "keep", "replace"])
def test_accepting_many_planes_across_the_slices_packs_each_slice_once(
    session, draw, monkeypatch, rule
):
    """Once for every plane took half a minute for a large organ."""
    labels = np.zeros((6, 40, 50), int)
    labels[:, 10:30, 25] = 1
    session.set_labels(labels)
    session.overlap = rule
    item = session.new_object("across")
    session.paint(draw((6, 50), 1, 22, 4), index=10, axis=1)
    session.propagate(10, 35, axis=1)
    previewed = {ref.index: answer.mask for ref, answer in session.previews.items()}
    packed, pack = [], PackedMask.of
    monkeypatch.setattr(PackedMask, "of", lambda mask: packed.append(1) or pack(mask))
    session.accept()
    monkeypatch.undo()
    assert len(previewed) > 12
    assert len(packed) <= 2 * 6, "of the object itself, and of the one that gives way"
    expected = np.zeros((6, 40, 50), bool)
    for index, mask in previewed.items():
        expected[:, index] = mask
    theirs = labels == 1
    assert (expected & theirs).any()
    np.testing.assert_array_equal(item.mask, expected & ~theirs if rule == "keep" else expected)
    other = session.objects[0]
    np.testing.assert_array_equal(other.mask, theirs & ~expected if rule == "replace" else theirs)


def test_filling_holes_keeps_the_prompts_of_slices_that_stay_as_they_are(session, draw):
    ring = draw((40, 50), 10, 10, side=10) & ~draw((40, 50), 13, 13, side=4)
    session.new_object("in the hole")
    session.paint(draw((40, 50), 13, 13, side=4), index=1)
    session.accept()
    item = session.new_object("ring")
    for index in (1, 3):
        session.paint(ring, index=index)
    session.accept()
    session.overlap = "keep"
    assert session.fill_holes(item) == 16
    session.select(item)
    assert {prompt.ref.index for prompt in session.settled_prompts} == {1}
