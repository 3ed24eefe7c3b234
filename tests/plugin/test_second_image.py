"""Two images in one window: what is seen is what is clicked."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.reader import layer_of

pytestmark = pytest.mark.viewer
SHAPE = (7, 60, 80)
THIN = (3, 60, 80)


def test_each_image_has_its_own_session(screen):
    first = screen.controller.work
    screen.click(30, 40)
    screen.add_image(name="second")
    assert screen.controller.work is not first
    screen.click(10, 10)
    assert len(screen.session.prompts) == 1
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    assert screen.controller.work is first
    assert first.session.preview.mask[30, 40]


def test_each_image_has_the_layers_of_a_first_click_before_it(screen):
    first = screen.controller.work
    screen.add_image(name="second")
    for work, name in ((first, "volume"), (screen.controller.work, "second")):
        helpers = [layer.name for layer in work.shown.helpers]
        assert helpers == [f"{name} preview", f"{name} points"]


def test_the_slider_moves_into_an_image_that_is_opened_beside_the_slice(screen):
    screen.viewer.dims.set_point(0, 6)
    screen.add_image(np.zeros(THIN, np.float32), name="second", units=("mm",) * 3)
    assert screen.controller.work.image.name == "second"
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]


def test_only_the_chosen_image_is_shown_with_what_belongs_to_it(screen):
    first = screen.controller.work
    screen.click(30, 40)
    second = screen.add_image(name="second")
    helpers = first.shown.helpers
    assert helpers
    assert not any(layer.visible for layer in (first.image, *helpers))
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    assert all(layer.visible for layer in (first.image, *helpers))
    assert not second.visible


def test_an_overlay_stays_over_the_image(screen):
    first = screen.controller.work.image
    screen.add_image(name="overlay", blending="additive")
    assert first.visible


def test_hidden_images_come_back_when_the_other_is_removed(screen):
    first = screen.controller.work.image
    second = screen.add_image(name="second")
    assert not first.visible
    screen.viewer.layers.remove(second)
    screen.settle()
    assert first.visible
    assert screen.controller.work.image is first


def test_the_person_is_told_when_the_slice_is_beside_the_image(screen):
    screen.add_image(np.zeros(THIN, np.float32), name="second", blending="additive")
    screen.viewer.dims.set_point(0, 6)
    screen.settle()
    assert "slider" in screen.widget.status.text


def test_a_scan_beside_a_large_picture_fills_the_view_and_is_stepped_by_its_own_slices(screen):
    picture = screen.add_image(np.zeros((1, 600, 600), np.float32), name="picture")
    scan = screen.add_image(np.zeros(THIN, np.float32), name="scan", scale=(17, 0.5, 0.5))
    viewer, canvas = screen.viewer, screen.canvas
    assert viewer.dims.nsteps[0] == THIN[0]
    assert viewer.scene.camera.zoom * 40 > canvas.width() / 2 or (
        viewer.scene.camera.zoom * 30 > canvas.height() / 2
    )
    viewer.dims.set_point(0, 0)
    viewer.dims._increment_dims_right()
    screen.settle()
    assert screen.controller.shown_ref().index == 1, "one step is one slice"
    zoom = viewer.scene.camera.zoom
    viewer.scene.camera.zoom = zoom / 3
    viewer.reset_view()
    assert viewer.scene.camera.zoom > zoom / 2, "Home shows the scan, not what is hidden"
    scan.visible, picture.visible = True, True
    assert viewer.dims.nsteps[1] > 600, "what is shown again counts again"
    viewer.layers.selection.active = picture
    screen.settle()
    assert viewer.scene.camera.zoom * 600 < 2 * canvas.width(), "the whole picture is seen"


def test_a_picture_of_two_axes_is_worked_on_beside_a_scan(screen):
    scan = screen.controller.work.image
    picture = screen.add_image(np.zeros((600, 700), np.float32), name="picture")
    assert not scan.visible
    screen.viewer.reset_view()
    screen.click(300, 350)
    assert screen.controller.work.image is picture
    assert screen.session.preview.mask[300, 350]


def test_the_view_stays_where_two_scans_of_a_size_are_compared(screen):
    first = screen.controller.work.image
    screen.add_image(name="second")
    screen.viewer.scene.camera.zoom, screen.viewer.scene.camera.center = 40, (0, 12, 20)
    screen.viewer.dims.set_point(0, 5)
    screen.viewer.layers.selection.active = first
    screen.settle()
    assert screen.viewer.scene.camera.zoom == 40
    assert screen.controller.shown_ref().index == 5


def test_undo_takes_back_the_stroke_in_the_labels_that_are_selected(screen):
    t1 = screen.controller.work
    screen.click(30, 20)
    screen.press(Qt.Key.Key_G)
    screen.add_image(name="FLAIR", blending="additive")
    flair = screen.controller.work
    screen.click(30, 60)
    screen.press(Qt.Key.Key_G)
    before = t1.session.objects[0].voxels
    labels = t1.shown.find("labels")
    screen.viewer.layers.selection.active = labels
    screen.settle()
    labels.mode = "paint"
    screen.click(50, 50)
    assert t1.session.objects[0].voxels > before
    screen.press(Qt.Key.Key_Z, "control")
    assert t1.session.objects[0].voxels == before
    assert flair.session.objects[0].voxels, "nobody worked on that one"


def test_masks_that_come_for_another_image_do_not_turn_to_it(screen):
    first = screen.controller.work
    mask = np.ones((60, 80), bool)
    screen.add_image(name="second")
    second = screen.controller.work
    turned = []
    screen.controller.changed.connect(lambda: turned.append(screen.controller.work))
    first.session.paint(mask, 3, 0)
    first.session.accept()
    assert first.shown.find("labels").data[3].all()
    assert set(turned) <= {second}
    assert screen.viewer.layers.selection.active is second.image


def test_labels_are_worked_on_after_an_image_that_cannot_be_segmented(screen):
    first = screen.controller.work
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.add_image(np.zeros((3, *SHAPE), np.float32), name="over time")
    assert "4 dimensions" in screen.widget.status.text
    screen.viewer.layers.selection.active = first.shown.find("labels")
    screen.settle()
    assert screen.controller.work is first
    assert "4 dimensions" not in screen.widget.status.text


def _copied(image: Layer) -> Layer:
    """What napari's Duplicate layer makes."""
    data, described, kind = image.as_layer_data_tuple()
    return Layer.create(data.copy(), {**described, "name": "copy"}, kind)


def _projected(image: Layer) -> Layer:
    """What napari's projections make."""
    return Image(image.data.max(axis=0), metadata=image.metadata, name="projection")


@pytest.mark.parametrize("derived", [_copied, _projected])
@pytest.mark.parametrize("removed", [False, True])
def test_after_work_on_a_copy_or_projection_a_click_means_the_same_voxel(screen, derived, removed):
    screen.viewer.layers.clear()
    forwards = np.eye(4)[:, [2, 1, 0, 3]]  # shown mirrored: columns run to the right of the body
    volume = Volume(np.zeros(SHAPE, np.float32), forwards, source=Source(place="sform"))
    data, described, _kind = layer_of(volume, "placed")
    image = screen.add_image(data, **described)
    place = screen.pixel(image, 10, 20)
    before = _clicked_voxel(screen, place)
    assert before == (3, 10, 20)
    other = screen.viewer.add_layer(derived(image))
    screen.viewer.layers.selection.active = other
    screen.settle()
    assert screen.controller.work.image is other
    if removed:
        screen.viewer.layers.remove(other)
    screen.viewer.layers.selection.active = image
    screen.settle()
    assert screen.controller.work.volume is volume
    assert _clicked_voxel(screen, place) == before


def _clicked_voxel(screen, place) -> tuple[int, ...]:
    """The stored voxel that the model is asked about after a click on this place of the canvas."""
    QTest.mouseMove(screen.canvas, place)
    QTest.mouseClick(screen.canvas, Qt.MouseButton.LeftButton, pos=place)
    screen.settle()
    screen.answered()
    ref, prompts, *_others = screen.engine.calls[-1]
    voxel = np.insert(prompts.points[-1], ref.axis, ref.index)
    return tuple(int(n) for n in voxel)


def test_a_ghost_goes_with_the_choice_of_another_image_and_does_not_come_back(screen):
    first = screen.controller.work
    other = screen.add_image(np.zeros((7, 60, 80), np.float32), name="other")
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    screen.press(Qt.Key.Key_E, "shift")
    screen.hover(30, 40)
    screen.until(lambda: first.shown.find("ghost") is not None)
    assert first.shown.find("ghost").data.any()
    screen.viewer.layers.selection.active = other
    screen.settle(0.1)
    screen.viewer.layers.selection.active = first.image
    screen.settle(0.1)
    assert not first.shown.find("ghost").data.any()
