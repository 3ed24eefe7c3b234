"""What happens around the clicks: slow models, images that go, windows that close, odd images."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_samunet.errors import BadCheckpoint, InputError
from napari_samunet.io.masks import read_masks
from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.widget import SegmentationWidget
from napari_samunet.plugin.writer import write_labels
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _slow_click(screen, row=30, col=40):
    """Click, and come back while the model still works."""
    screen.hold_model()
    screen.click(row, col, wait=False)
    screen.until(lambda: screen.engine.calls)


def test_the_window_stays_alive_while_the_model_works(screen):
    beats: list[None] = []
    timer = QTimer(interval=10)
    timer.timeout.connect(lambda: beats.append(None))
    _slow_click(screen)
    timer.start()
    # The model waits until this test lets it go on: a window that waited for it would never beat.
    screen.until(lambda: len(beats) > 10)
    timer.stop()
    assert "Looking" in screen.widget.status.text
    assert not screen.widget.objects._accept.isEnabled()
    screen.engine.go.set()
    screen.answered()
    assert screen.session.preview.mask[30, 40]


def test_clicks_while_the_model_works_are_answered_together(screen):
    _slow_click(screen, 30, 20)
    screen.click(30, 40, wait=False)
    screen.click(30, 60, wait=False)
    screen.engine.go.set()
    screen.answered()
    mask = screen.session.preview.mask
    assert mask[30, 20]
    assert mask[30, 40]
    assert mask[30, 60]
    clicks = [len(prompts.points) for _ref, prompts, *_ in screen.engine.calls]
    assert clicks == [1, 1, 2, 3], "what was begun, and then all in turn, once"


def test_accept_while_the_model_works_waits_for_the_answer(screen):
    _slow_click(screen)
    screen.controller.accept()
    screen.engine.go.set()
    screen.until(lambda: screen.session.labels.any())


def test_a_late_answer_to_what_was_undone_is_dropped(screen):
    _slow_click(screen)
    screen.controller.undo()
    screen.engine.go.set()
    screen.settle(0.2)
    assert screen.session.preview is None
    assert not screen.session.prompts


def test_the_slice_may_change_while_the_model_works(screen):
    _slow_click(screen)
    screen.viewer.dims.set_point(0, 5)
    screen.engine.go.set()
    screen.answered()
    data = screen.controller.work.shown.find("preview").data
    assert data[3].any()
    assert not data[5].any()


def test_an_image_may_be_removed_while_the_model_works(screen):
    _slow_click(screen)
    screen.viewer.layers.remove(screen.controller.work.image)
    screen.engine.go.set()
    screen.until(lambda: "Open an image" in screen.widget.status.text)
    assert screen.controller.work is None
    assert not screen.viewer.layers


def test_an_image_may_get_other_voxels_while_the_model_works(screen):
    _slow_click(screen)
    before = screen.session
    screen.controller.work.image.data = np.ones((4, 50, 50), np.float32)
    screen.engine.go.set()
    screen.settle(0.2)
    assert screen.session is not before
    assert screen.session.volume.shape == (4, 50, 50)
    screen.click(20, 20)
    assert screen.session.preview.mask[20, 20]


def _slow_look(screen):
    """Click, and come back while the model has its first look, which is drawn before its answer."""
    from napari_samunet.inference.painted import painted_prediction

    looks = []

    def glimpse(volume, ref, prompts, window=None):
        looks.append(ref)
        screen.engine.go.wait(20)
        return painted_prediction(np.ones((60, 80), bool))

    screen.engine.glimpse = glimpse
    screen.hold_model()
    screen.click(30, 40, wait=False)
    screen.until(lambda: looks)


def test_a_first_look_at_an_image_that_is_gone_is_not_drawn(screen):
    _slow_look(screen)
    screen.viewer.layers.remove(screen.controller.work.image)
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.inference.is_busy)
    screen.settle(0.2)
    assert not screen.viewer.layers


def test_a_first_look_at_other_voxels_is_not_drawn_on_those_that_took_their_place(screen):
    _slow_look(screen)
    screen.controller.work.image.data = np.ones((7, 60, 80), np.float32)
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.inference.is_busy)
    screen.settle(0.2)
    previews = [layer for layer in screen.viewer.layers if "preview" in layer.name]
    assert not any(layer.data.any() for layer in previews)


@pytest.mark.parametrize("gone", ["image", "panel"])
def test_nothing_is_carried_on_once_the_image_or_the_panel_is_gone(screen, gone):
    screen.click(30, 40)
    screen.hold_model()
    screen.engine.calls.clear()
    screen.controller.through.propagate(0, 6)
    screen.until(lambda: screen.engine.calls)
    if gone == "image":
        screen.viewer.layers.remove(screen.controller.work.image)
    else:
        screen.widget.close_session()
    screen.engine.go.set()
    screen.settle(0.5)
    assert len(screen.engine.calls) == 1, "the slice that was being answered is the last"


def test_an_image_is_deleted_together_with_all_that_is_drawn_on_it(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    for tool in (Tool.BOX, Tool.SCRIBBLE, Tool.CLICK):  # each makes the layer that it draws in
        screen.controller.set_tool(tool)
    screen.click(30, 60)
    assert len(screen.viewer.layers) == 6
    screen.viewer.layers.select_all()
    screen.press(Qt.Key.Key_Delete, "control")
    assert not screen.viewer.layers


def test_an_image_that_gets_other_voxels_stays_the_chosen_one(screen):
    first = screen.controller.work.image
    other = screen.add_image(name="other")
    screen.viewer.layers.selection.active = first
    screen.settle()
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.viewer.layers.selection.active = screen.controller.work.shown.find("labels")
    first.data = np.ones((7, 60, 80), np.float32)
    screen.settle()
    assert screen.controller.work.image is first
    assert other in screen.viewer.layers


def test_the_widget_may_be_closed_while_the_model_works(screen):
    _slow_click(screen)
    image = screen.controller.work.image
    screen.viewer.window.remove_dock_widget(screen.widget)  # what the dock's × does
    screen.engine.go.set()
    screen.settle(0.2)
    assert list(screen.viewer.layers) == [image]
    assert not [key for key in screen.viewer.keymap if str(key) in {"G", "N", "Q", "W", "J", "K"}]
    assert len(screen.viewer.mouse_drag_callbacks) == 1, "napari's own"


def test_an_error_of_the_model_is_told_and_the_click_taken_back(screen):
    screen.engine.error = RuntimeError("out of memory")
    screen.click(30, 40)
    assert "out of memory" in screen.widget.status.text
    assert not screen.session.prompts
    screen.engine.error = None
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]


def test_export_writes_exactly_the_labels_on_the_grid_of_the_layer(screen, tmp_path):
    screen.viewer.layers.clear()
    screen.add_image(scale=(5, 0.7, 0.7), units=("mm",) * 3)
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    target = tmp_path / "labels.nii.gz"
    screen.controller.sharing.export(target)
    screen.until(target.exists)
    screen.until(lambda: not screen.controller.is_busy)
    image = nibabel.load(target)
    assert np.array_equal(np.asarray(image.dataobj).T, screen.session.labels)
    np.testing.assert_allclose(image.header.get_zooms(), (0.7, 0.7, 5), rtol=1e-6)
    assert "labels.nii.gz" in screen.widget.status.text


def test_an_export_names_the_masks_that_are_seen_but_not_accepted(screen, tmp_path):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_N)
    screen.click(30, 60)
    screen.controller.sharing.export(tmp_path / "labels.nii.gz")
    screen.until(lambda: "Written" in screen.widget.status.text)
    assert "not accepted yet: object 2 (1 slice)" in screen.widget.status.text
    screen.press(Qt.Key.Key_G)
    screen.controller.sharing.export(tmp_path / "again.nii.gz")
    screen.until(lambda: "again" in screen.widget.status.text)
    assert "not accepted" not in screen.widget.status.text


def test_an_export_that_fails_says_why(screen, tmp_path):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.controller.sharing.export(tmp_path / "no such folder" / "labels.nii.gz")
    screen.until(lambda: "not written" in screen.widget.status.text)


def test_what_napari_paints_into_the_labels_is_kept_and_exported(screen, tmp_path):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    labels = screen.controller.work.shown.find("labels")
    labels.data_setitem((np.array([3, 3]), np.array([2, 3]), np.array([2, 2])), 1)
    target = tmp_path / "labels.nii.gz"
    screen.controller.sharing.export(target)
    screen.until(target.exists)
    assert screen.session.labels[3, 2, 2] == 1


def test_labels_that_napari_saves_have_the_names_of_the_objects(screen, tmp_path):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    saved = tmp_path / "labels.nrrd"
    for name in ("liver", "left kidney"):
        screen.session.rename_object(1, name)
        labels = screen.controller.work.shown.find("labels")
        write_labels(str(saved), *labels.as_layer_data_tuple()[:2])
        (segment,) = read_masks(saved, screen.controller.work.volume).segments
        assert segment.name == name


def test_accept_keeps_what_was_painted_into_the_labels_meanwhile(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_N)
    screen.click(30, 60)
    labels = screen.controller.work.shown.find("labels")
    labels.data_setitem((np.array([3]), np.array([2]), np.array([2])), 1)
    screen.controller.accept()
    assert screen.session.labels[3, 2, 2] == 1
    assert screen.session.labels[3, 30, 60] == 2
    assert np.array_equal(labels.data, screen.session.labels)


def test_what_was_hidden_shows_again_with_the_next_click(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_H)
    preview = screen.controller.work.shown.find("preview")
    assert not preview.visible
    screen.click(30, 50)
    assert preview.visible


def test_an_accepted_mask_is_seen_though_the_labels_were_hidden(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_H)
    labels = screen.controller.work.shown.find("labels")
    assert not labels.visible
    screen.click(30, 60)
    screen.press(Qt.Key.Key_G)
    assert labels.visible


def test_another_model_corrects_what_is_shown_of_every_object(screen):
    screen.click(30, 20)
    screen.session.new_object("other")
    screen.click(30, 60)
    screen.controller.models.use("builtin")
    screen.until(lambda: not screen.controller.is_busy)
    assert screen.session.unaccepted == {1: 1, 2: 1}
    screen.click(30, 65)
    assert screen.engine.calls[-1][3].mask[30, 60], "what was shown is fed back"
    screen.controller.grouping.select(1)
    screen.click(30, 25)
    assert screen.engine.calls[-1][3].mask[30, 20]


def test_an_anisotropic_moved_layer_gets_the_right_voxel(screen):
    screen.viewer.layers.clear()
    image = screen.add_image(scale=(5, 2, 0.5), translate=(40, -7, 3), units=("mm",) * 3)
    screen.viewer.dims.set_point(0, image.data_to_world((2, 0, 0))[0])
    screen.viewer.reset_view()
    screen.settle()
    screen.click(12, 50)
    assert screen.engine.calls[-1][0] == SliceRef(0, 2)
    np.testing.assert_array_equal(screen.engine.calls[-1][1].points, [(12, 50)])
    preview = screen.controller.work.shown.find("preview")
    np.testing.assert_array_equal(preview.scale, image.scale)


def test_a_session_leaves_the_image_layer_as_it_was(screen):
    screen.viewer.layers.clear()
    image = screen.add_image(scale=(5, 2, 0.5), translate=(40, -7, 3), units=("mm",) * 3)
    known = {name: np.array(getattr(image, name)) for name in ("scale", "translate", "rotate")}
    voxels, affine = image.data.copy(), np.array(image.affine.affine_matrix)
    screen.viewer.dims.set_point(0, image.data_to_world((2, 0, 0))[0])
    screen.viewer.reset_view()
    screen.settle()
    screen.click(12, 50)
    screen.press(Qt.Key.Key_G)
    screen.widget.close_session()
    for name, value in known.items():
        np.testing.assert_array_equal(getattr(image, name), value)
    np.testing.assert_array_equal(image.affine.affine_matrix, affine)
    np.testing.assert_array_equal(image.data, voxels)


def test_the_folded_model_section_still_says_what_it_runs_on(screen):
    from types import SimpleNamespace

    contract = SimpleNamespace(zoom=False)  # slices around are encoded meanwhile
    screen.controller.engine.system = SimpleNamespace(
        device="cuda:0", name="disc", note="", contract=contract
    )
    screen.controller.engine.cache = SimpleNamespace(bytes=12 * 2**20, holds=lambda _size: 1)
    assert screen.controller.engine.device_line() == "CUDA:0, 12 MB"


def test_a_turned_layer_gets_the_right_voxel(screen):
    screen.viewer.layers.clear()
    screen.add_image(np.zeros((60, 80), np.float32), rotate=30)
    screen.click(12, 50)
    np.testing.assert_array_equal(screen.engine.calls[-1][1].points, [(12, 50)])


@pytest.mark.parametrize(
    ("shape", "kwargs"),
    [((60, 80), {}), ((60, 80, 3), {"rgb": True}), ((7, 60, 80, 3), {"rgb": True})],
)
def test_pictures_and_colour_are_segmented_too(screen, shape, kwargs):
    screen.viewer.layers.clear()
    screen.add_image(np.zeros(shape, np.uint8), **kwargs)
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]
    screen.press(Qt.Key.Key_G)
    assert (
        screen.controller.work.shown.find("labels").data.shape
        == shape[: 3 if len(shape) == 4 else 2]
    )


def test_an_image_of_four_dimensions_is_refused_with_what_to_do(screen):
    screen.viewer.layers.clear()
    screen.add_image(np.zeros((3, 7, 60, 80), np.float32))
    assert "4 dimensions" in screen.widget.status.text
    screen.viewer.layers.clear()
    screen.add_image()
    assert screen.controller.work is not None


def test_a_deleted_preview_layer_comes_back(screen):
    screen.click(30, 40)
    screen.viewer.layers.remove(screen.controller.work.shown.find("preview"))
    screen.viewer.layers.selection.active = screen.controller.work.image
    screen.click(30, 50)
    assert screen.controller.work.shown.find("preview").data[3].any()


def test_another_model_that_is_none_leaves_the_present_one(screen):
    def refuse(name):
        raise BadCheckpoint("that is a picture, no checkpoint")

    screen.controller.engine._load = refuse
    screen.controller.models.use("picture.png")
    screen.until(lambda: "still answers" in screen.widget.status.text)
    assert "no checkpoint" in screen.controller.models.view().problem
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]


def test_nothing_is_left_when_the_widget_goes(screen):
    def count():
        screen.settle(0.1)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return sorted(type(widget).__name__ for widget in QApplication.topLevelWidgets())

    found = []
    for _turn in range(3):
        screen.click(30, 40)
        screen.viewer.window.remove_dock_widget(screen.widget)
        screen.settle()
        screen.widget.deleteLater()
        found.append((count(), len(screen.viewer.mouse_double_click_callbacks)))
        screen.dock()
    assert found[2] == found[1]


def test_a_window_has_one_panel_and_a_second_is_refused(screen):
    with pytest.raises(InputError, match="already"):
        SegmentationWidget(screen.viewer, lambda name: screen.engine)
    screen.click(30, 40)
    assert len(screen.engine.calls) == 1


def test_the_panel_works_for_who_docks_it_from_a_script_too(screen):
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.settle()
    screen.widget.deleteLater()
    proxy = PublicOnlyProxy(screen.viewer)  # napari hands one to ``add_plugin_dock_widget``
    screen.widget = SegmentationWidget(proxy, lambda name: screen.engine, screen.shelf)
    screen.viewer.window.add_dock_widget(screen.widget)
    screen.until(lambda: screen.controller.model_ready)
    assert screen.viewer.layers[0].visible
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]


def test_nothing_is_cut_off_on_a_small_screen(screen):
    screen.viewer.window.resize(1366, 700)
    screen.settle(0.2)
    inside = screen.widget.findChild(type(screen.widget.image)).parentWidget()
    area = inside.parentWidget()
    assert inside.height() <= area.height(), "no scrolling"
    for panel in (screen.widget.prompts, screen.widget.objects, screen.widget.model):
        assert panel.minimumSizeHint().width() <= area.width()


def test_a_scroll_bar_covers_no_button_where_letters_are_large(screen):
    screen.viewer.window.resize(1093, 560)
    font = screen.widget.font()
    font.setPointSizeF(font.pointSizeF() * 1.25)
    screen.widget.setFont(font)
    screen.settle(0.2)
    inside = screen.widget.findChild(type(screen.widget.image)).parentWidget()
    assert inside.height() > inside.parentWidget().height(), "there is a scroll bar"
    assert inside.width() <= inside.parentWidget().width()
