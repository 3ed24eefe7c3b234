"""What is drawn lies exactly on the image, and is found again whatever a person does to it."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_samunet.packed import PackedMask
from napari_samunet.plugin.layers import ImageLayers
from napari_samunet.plugin.marks import ShownBox, ShownPoint
from napari_samunet.types import SliceRef

RED = (1.0, 0.2, 0.1)


def _shown(**kwargs):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((5, 30, 40), np.float32), **kwargs)
    return viewer, image, ImageLayers(viewer.layers, image)


def _disc():
    rows, cols = np.ogrid[:30, :40]
    return (rows - 10) ** 2 + (cols - 20) ** 2 < 30


def test_helpers_lie_on_a_moved_and_anisotropic_image_and_follow_it():
    viewer, image, shown = _shown(scale=(5, 1, 0.5), translate=(9, 8, 7), units=("mm",) * 3)
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    shown.show_points([ShownPoint(SliceRef(0, 2), (10, 20), True)])
    shown.show_boxes([ShownBox(SliceRef(0, 2), (5, 6, 12, 22))])
    image.scale = (4, 2, 2)
    for role in ("preview", "points", "boxes"):
        layer = shown.find(role)
        np.testing.assert_array_equal(layer.scale, (4, 2, 2))
        np.testing.assert_array_equal(layer.translate, image.translate)
        assert layer.units == image.units
    assert viewer.layers.selection.active is image


def test_a_preview_is_contour_and_fill_and_replaces_the_one_before():
    _, _, shown = _shown()
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    shown.show_previews({SliceRef(1, 7): PackedMask.of(np.ones((5, 40), bool))}, RED)
    data = shown.find("preview").data
    assert set(np.unique(data[:, 7])) == {1, 2}
    assert np.count_nonzero(data) == 5 * 40
    shown.show_previews({}, RED)
    assert not data.any()


def test_a_renamed_layer_is_still_ours_and_a_deleted_one_comes_back():
    viewer, _, shown = _shown()
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    shown.find("preview").name = "something else"
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    assert len(viewer.layers) == 2
    viewer.layers.remove(shown.find("preview"))
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    assert np.array_equal(shown.find("preview").data[2] > 0, _disc())


def test_layers_that_are_made_ahead_are_used_by_the_first_click():
    viewer, image, shown = _shown()
    for role in ("preview", "points"):
        shown.prepare(role, RED)
    made = [shown.find("preview"), shown.find("points")]
    assert list(viewer.layers) == [image, *made]
    assert viewer.layers.selection.active is image
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    shown.show_points([ShownPoint(SliceRef(0, 2), (10, 20), True)])
    assert list(viewer.layers) == [image, *made]
    assert np.array_equal(made[0].data[2] > 0, _disc())
    assert len(made[1].data) == 1


def test_marks_come_back_into_a_layer_that_was_deleted_and_made_ahead_again():
    viewer, _, shown = _shown()
    marks, boxes = (
        [ShownPoint(SliceRef(0, 2), (10, 20), True)],
        [ShownBox(SliceRef(0, 2), (5, 6, 12, 22))],
    )
    shown.show_points(marks)
    shown.show_boxes(boxes)
    for role in ("points", "boxes"):
        viewer.layers.remove(shown.find(role))
        shown.prepare(role, RED)
    shown.show_points(marks)
    shown.show_boxes(boxes)
    assert len(shown.find("points").data) == len(shown.find("boxes").data) == 1


def test_two_images_keep_their_layers_apart():
    viewer, _, first = _shown()
    other = viewer.add_image(np.zeros((5, 30, 40), np.float32))
    second = ImageLayers(viewer.layers, other)
    first.show_previews({SliceRef(0, 1): PackedMask.of(_disc())}, RED)
    assert second.find("preview") is None
    assert not second.owns(first.find("preview"))


def test_labels_appear_below_the_preview_and_stay_when_the_helpers_go():
    viewer, image, shown = _shown()
    shown.show_previews({SliceRef(0, 2): PackedMask.of(_disc())}, RED)
    labels = np.zeros((5, 30, 40), np.uint16)
    shown.show_labels(labels, {})
    assert shown.find("labels") is None, "nothing to show yet"
    labels[2][_disc()] = 300
    shown.show_labels(labels, {300: RED})
    assert viewer.layers.index(shown.find("labels")) < viewer.layers.index(shown.find("preview"))
    shown.remove_helpers()
    assert list(viewer.layers) == [image, shown.find("labels")]
    assert np.array_equal(shown.find("labels").data, labels)


def test_points_tell_adding_from_removing_by_shape_too():
    _, _, shown = _shown()
    ref = SliceRef(2, 11)
    shown.show_points([ShownPoint(ref, (1, 2), True), ShownPoint(ref, (3, 4), False)])
    layer = shown.find("points")
    np.testing.assert_array_equal(layer.data, [(1, 2, 11), (3, 4, 11)])
    assert layer.symbol[0] != layer.symbol[1]
    shown.show_points([])
    assert len(layer.data) == 0


@pytest.mark.parametrize("order", [(1, 1, 0), (0, 1, 1), (0, 0), (1,), (1, 0, 1, 0)])
def test_every_mark_looks_like_what_it_is_however_they_came_and_went(order):
    _, image, shown = _shown()
    ref = SliceRef(0, 1)
    for adds in [(1, 0), order, (0, *order), order[1:], order]:
        shown.show_points([ShownPoint(ref, (n, n), bool(one)) for n, one in enumerate(adds)])
    layer = shown.find("points")
    looks = [
        (symbol.value, tuple(np.round(255 * face).astype(int)))
        for symbol, face in zip(layer.symbol, layer.face_color, strict=True)
    ]
    assert looks == [
        ("disc", (20, 220, 140, 255)) if one else ("x", (255, 106, 61, 255)) for one in order
    ]
    np.testing.assert_array_equal(layer.border_color, layer.face_color)
    assert set(layer.size) == {max(image.data.shape) / 20}
    assert not layer.border_width.any()


def test_previews_of_crossing_planes_do_not_cut_each_other():
    _, _, shown = _shown()
    first, second = SliceRef(0, 2), SliceRef(1, 10)
    masks = {first: PackedMask.of(_disc()), second: PackedMask.of(np.ones((5, 40), bool))}
    shown.show_previews(masks, RED)
    shown.show_previews({first: masks[first]}, RED)
    data = shown.find("preview").data
    assert np.array_equal(data[2] > 0, _disc())
    assert np.count_nonzero(data) == np.count_nonzero(_disc())


ROLES = ["preview", "strokes", "suggestions", "ghost", "points", "boxes"]
TOOLS = {"points": "add", "boxes": "add_rectangle"}


def _show(shown, role, row):
    """Draw something from this row on; return the rows where the layer has it."""
    ref, mask = SliceRef(0, 2), np.zeros((30, 40), bool)
    mask[row : row + 5, 6:23] = True
    draw = {
        "preview": lambda: shown.show_previews({ref: PackedMask.of(mask)}, RED),
        "strokes": lambda: shown.show_strokes({ref: mask.astype(np.uint8)}),
        "suggestions": lambda: shown.show_suggestions({ref: (mask,)}),
        "ghost": lambda: shown.show_ghost({ref: mask}),
        "points": lambda: shown.show_points([ShownPoint(ref, (row, 20), True)]),
        "boxes": lambda: shown.show_boxes([ShownBox(ref, (row + 0.5, 6, row + 4, 22))]),
    }
    draw[role]()
    data = shown.find(role).data
    return data[0][..., 1] if role in TOOLS else np.flatnonzero(data[2].any(axis=1))


@pytest.mark.parametrize("role", ROLES)
def test_naparis_tools_change_nothing_that_is_neither_mask_nor_prompt(role):
    _, _, shown = _shown()
    assert np.min(_show(shown, role, 3)) == 3
    layer = shown.find(role)
    for open_again in ("nothing", "editable", "data"):
        if open_again == "editable":
            layer.editable = True  # as napari does after a look at 3-D
        elif open_again == "data":
            layer.data = layer.data
        layer.mode = TOOLS.get(role, "paint")
        assert layer.mode == "pan_zoom"
    assert np.min(_show(shown, role, 8)) == 8, "we draw in it all the same"


def test_the_accepted_labels_are_open_to_naparis_tools():
    _, _, shown = _shown()
    shown.show_labels(np.ones((5, 30, 40), np.uint16), {1: RED})
    shown.find("labels").mode = "paint"
    assert shown.find("labels").mode == "paint"
