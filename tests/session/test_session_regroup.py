"""Objects are joined, parted and filled, and nothing of them is lost on the way."""

from __future__ import annotations

import numpy as np

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
