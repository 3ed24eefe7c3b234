"""Every gesture by real mouse and key events: right drag, lasso, scribble, move, delete, ghost."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_samunet.plugin.gestures import Tool
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer
CIRCLE = [(30 + 12 * np.sin(t), 40 + 12 * np.cos(t)) for t in np.linspace(0, 6.1, 25)]


def _data(screen, role):
    return screen.controller.work.shown.find(role).data


def _ct(screen):
    """A CT instead of the empty volume, as the reader would open it."""
    from napari_samunet.io.volume import Volume
    from napari_samunet.plugin.reader import layer_of

    screen.viewer.layers.clear()
    values = np.random.default_rng(3).normal(40, 60, (7, 60, 80)).astype(np.float32)
    data, kwargs, _kind = layer_of(Volume.from_array(values, modality="CT"), "ct")
    return screen.add_image(data, **kwargs)


def test_a_right_drag_changes_the_window_and_nothing_else(screen):
    image = _ct(screen)
    before = image.data.copy()
    zoom, center = screen.viewer.scene.camera.zoom, screen.viewer.scene.camera.center
    low, high = image.contrast_limits
    screen.drag((30, 20), (30, 50), "right")
    wider_low, wider_high = image.contrast_limits
    assert wider_high - wider_low > high - low
    assert (wider_low + wider_high) / 2 == pytest.approx((low + high) / 2)
    screen.drag((40, 20), (20, 20), "right")
    assert sum(image.contrast_limits) < wider_low + wider_high, "upwards is brighter"
    np.testing.assert_array_equal(image.data, before)
    assert not screen.session.prompts
    assert screen.viewer.scene.camera.zoom == zoom
    assert screen.viewer.scene.camera.center == center


def test_a_right_click_that_shakes_a_little_still_removes(screen):
    screen.click(30, 40)
    image = screen.controller.work.image
    limits = tuple(image.contrast_limits)
    place = screen.pixel(image, 30, 46)
    QTest.mousePress(screen.canvas, Qt.MouseButton.RightButton, pos=place)
    shaken = place + type(place)(2, 1)
    screen._move(shaken, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(screen.canvas, Qt.MouseButton.RightButton, pos=shaken)
    screen.settle()
    screen.answered()
    assert not screen.session.preview.mask[30, 46]
    assert tuple(image.contrast_limits) == limits


def test_shift_and_a_digit_show_a_window_preset(screen):
    image = _ct(screen)
    screen.press(Qt.Key.Key_1, "shift")
    assert tuple(image.contrast_limits) == (0, 80), "brain"
    screen.press(Qt.Key.Key_5, "shift")
    assert tuple(image.contrast_limits) == (-1350, 150), "lung"
    assert "lung" in screen.widget.status.text
    screen.press(Qt.Key.Key_0, "shift")
    assert tuple(image.contrast_limits) == (-160, 240)


def test_an_mr_gets_percentiles_of_its_own(screen):
    screen.viewer.layers.clear()
    values = np.random.default_rng(3).gamma(2, 100, (7, 60, 80)).astype(np.float32)
    image = screen.add_image(values)
    screen.press(Qt.Key.Key_2, "shift")
    np.testing.assert_allclose(image.contrast_limits, np.percentile(values, (1, 99)), rtol=1e-3)


def test_the_mask_stays_when_the_window_changes_and_one_encoding_follows(screen, monkeypatch):
    _ct(screen)
    screen.click(30, 40)
    preview = screen.session.preview
    screen.settle(0.3)
    # Longer than a busy machine takes from one move of the mouse to the next.
    monkeypatch.setattr("napari_samunet.plugin.ahead._REST_MS", 2000)
    screen.engine.encoded.clear()
    screen.drag((30, 20), (30, 50), "right", steps=30)
    assert screen.session.preview is preview

    def of_this_slice():
        return [ref for ref, _ in screen.engine.encoded if ref == SliceRef(0, 3)]

    screen.until(of_this_slice)  # others may still come from before
    screen.settle(0.3)
    assert len(of_this_slice()) == 1
    screen.click(30, 44)
    assert screen.engine.calls[-1][2] == tuple(screen.controller.work.image.contrast_limits)


def test_a_lasso_asks_with_what_it_encloses(screen):
    screen.press(Qt.Key.Key_W, "shift")
    assert screen.controller.prompting.tool is Tool.LASSO
    center = screen.viewer.scene.camera.center
    screen.draw(CIRCLE)
    prompts = screen.engine.calls[-1][1]
    assert abs(np.array(prompts.box) - (18, 28, 42, 52)).max() <= 1
    assert abs(prompts.points[0] - (30, 40)).max() <= 2
    assert screen.viewer.scene.camera.center == center
    assert (_data(screen, "strokes")[3] == 1).any()
    assert screen.session.preview.mask[30, 40]
    assert not (screen.session.preview.mask & ~screen.session.prompts[-1].mask).any(), "its line"
    screen.press(Qt.Key.Key_Z, "control")
    assert not _data(screen, "strokes").any()


def test_a_lasso_with_ctrl_takes_away(screen):
    screen.press(Qt.Key.Key_W)
    screen.drag((5, 5), (55, 75))
    screen.press(Qt.Key.Key_W, "shift")
    screen.draw(CIRCLE, modifier="control")
    assert not screen.session.preview.mask[30, 40]
    assert screen.session.preview.mask[6, 6]
    assert (_data(screen, "strokes")[3] == 2).any()


def test_ctrl_and_the_left_button_of_a_mac_take_away_too(screen, monkeypatch):
    """Qt tells them as the right button with Meta."""
    screen.press(Qt.Key.Key_W)
    screen.drag((5, 5), (55, 75))
    screen.press(Qt.Key.Key_W, "shift")
    monkeypatch.setattr("napari_samunet.plugin.gestures.sys.platform", "darwin")
    image = screen.controller.work.image
    limits = tuple(image.contrast_limits)
    screen.draw(CIRCLE, "right", modifier="meta")
    assert not screen.session.preview.mask[30, 40]
    assert tuple(image.contrast_limits) == limits
    screen.draw(CIRCLE, "right")
    assert tuple(image.contrast_limits) != limits, "the right button alone windows"


def test_a_scribble_shows_the_object_and_with_ctrl_what_is_not(screen):
    screen.press(Qt.Key.Key_J, "shift")
    screen.drag((30, 20), (30, 60), steps=9)
    points = screen.engine.calls[-1][1].points.astype(int)
    assert 2 <= len(points) <= 5
    assert screen.session.preview.mask[tuple(points.T)].all()
    row, column = points[0]
    screen.drag((row - 8, column), (row + 8, column), modifier="control")
    assert not screen.session.preview.mask[row, column]
    assert [prompt.kind for prompt in screen.session.prompts] == ["scribble", "scribble"]


def test_a_click_is_dragged_elsewhere_and_all_is_asked_afresh(screen):
    screen.click(30, 20)
    center = screen.viewer.scene.camera.center
    screen.drag((30, 20), (40, 60))
    np.testing.assert_allclose(screen.session.prompts[0].points, [(40, 60)], atol=1)
    assert len(screen.session.prompts) == 1
    assert screen.session.preview.mask[40, 60]
    assert not screen.session.preview.mask[30, 20]
    assert screen.engine.calls[-1][3] is None
    assert screen.viewer.scene.camera.center == center
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.session.preview.mask[30, 20]


def test_a_box_is_moved_by_its_edge_and_resized_by_its_corner(screen):
    screen.press(Qt.Key.Key_W)
    screen.drag((10, 10), (30, 40))
    screen.drag((30, 25), (40, 35))
    assert abs(np.array(screen.session.prompts[0].box) - (20, 20, 40, 50)).max() <= 1
    screen.drag((20, 20), (10, 12))
    assert abs(np.array(screen.session.prompts[0].box) - (10, 12, 40, 50)).max() <= 1
    assert len(screen.session.prompts) == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_takes_the_prompt_under_the_mouse_away(screen, key):
    screen.click(30, 20)
    screen.click(30, 60)
    screen.hover(30, 20)
    screen.press(key)
    assert [tuple(prompt.points[0]) for prompt in screen.session.prompts] == [(30, 60)]
    assert not screen.session.preview.mask[30, 20]
    screen.hover(50, 5)
    screen.press(key)
    assert "under the mouse" in screen.widget.status.text
    assert len(screen.session.prompts) == 1


def test_who_deletes_the_only_click_of_an_accepted_slice_is_told_what_is_left(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_G)
    screen.hover(30, 20)
    screen.press(Qt.Key.Key_Delete)
    screen.settle(0.1)
    assert "empty now: Accept [G] takes its mask away" in screen.widget.status.text


def test_an_accepted_prompt_can_be_moved_when_the_object_is_taken_up_again(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_N)
    screen.click(50, 70)
    screen.press(Qt.Key.Key_G)
    screen.controller.grouping.select(1)
    screen.settle()
    screen.drag((30, 20), (40, 40))
    assert screen.session.preview.mask[40, 40]
    screen.press(Qt.Key.Key_G)
    assert screen.session.labels[3, 40, 40] == 1
    assert screen.session.labels[3, 30, 20] == 0


def test_the_ghost_shows_what_a_click_would_give_and_changes_nothing(screen):
    screen.press(Qt.Key.Key_E, "shift")
    screen.hover(30, 40)
    screen.until(lambda: screen.controller.work.shown.find("ghost") is not None)
    assert _data(screen, "ghost")[3, 30, 40]
    assert not screen.session.can_undo
    screen.hover(50, 70)
    screen.until(lambda: _data(screen, "ghost")[3, 50, 70])
    assert not _data(screen, "ghost")[3, 30, 40]
    screen.click(30, 40)
    assert not _data(screen, "ghost").any(), "a click takes its place"
    screen.press(Qt.Key.Key_E, "shift")
    asked = len(screen.engine.calls)
    screen.hover(20, 20)
    assert len(screen.engine.calls) == asked


def test_a_click_on_another_selected_layer_is_answered_with_a_word_only(screen):
    other = screen.viewer.add_points(ndim=3, name="landmarks")
    screen.viewer.layers.selection.active = other
    screen.click(30, 40)
    assert "landmarks" in screen.widget.status.text
    assert not screen.engine.calls


def test_lasso_and_strokes_work_in_a_rolled_plane(screen):
    screen.viewer.dims.order = (1, 0, 2)
    screen.viewer.dims.point = (3, 30, 40)
    screen.viewer.reset_view()
    screen.settle()
    screen.press(Qt.Key.Key_J, "shift")
    screen.controller.prompting.set_brush(1)
    screen.drag((3, 20), (3, 60))
    assert screen.engine.calls[-1][0] == SliceRef(1, 30)
    assert (_data(screen, "strokes")[3, 30, 20:60] == 1).sum() > 30


def test_delete_and_undo_work_while_a_helper_layer_is_selected(screen):
    screen.click(30, 40)
    screen.click(30, 60)
    screen.viewer.layers.selection.active = screen.controller.work.shown.find("points")
    screen.hover(30, 60)
    screen.press(Qt.Key.Key_Delete)
    assert len(screen.session.prompts) == 1
    screen.viewer.layers.selection.active = screen.controller.work.shown.find("preview")
    screen.press(Qt.Key.Key_Z, "control")
    assert len(screen.session.prompts) == 2
