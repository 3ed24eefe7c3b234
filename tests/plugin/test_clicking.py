"""A person clicks in a real window; every event is a real mouse or key event on the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_samunet.plugin.gestures import Tool
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer
MIDDLE = SliceRef(0, 3)


def _layer(screen, role):
    return screen.controller.work.shown.find(role)


def test_a_click_shows_a_preview_around_it(screen):
    screen.click(30, 40)
    mask = screen.session.preview.mask
    assert mask[30, 40]
    rows, cols = np.nonzero(mask)
    assert (round(rows.mean()), round(cols.mean())) == (30, 40)
    assert np.array_equal(_layer(screen, "preview").data[3] > 0, mask)
    assert len(screen.engine.calls) == 1
    assert screen.viewer.layers.selection.active is screen.controller.work.image


def test_the_answer_to_a_click_is_corrected_by_the_next(screen):
    screen.click(30, 40)
    first = screen.session.preview
    screen.click(30, 52)
    _ref, prompts, _window, previous = screen.engine.calls[-1]
    assert previous is first
    np.testing.assert_array_equal(prompts.points, [(30, 40), (30, 52)])


def test_a_click_on_the_next_slice_shows_the_same_object_and_offers_the_click_alone(screen):
    screen.press("W")
    screen.drag((20, 20), (40, 60))
    known = screen.session.preview.mask
    screen.press("Q")
    screen.viewer.dims.set_point(0, 4)
    screen.click(30, 30)
    mask = screen.session.preview.mask
    assert (mask & known).sum() > 0.9 * known.sum()
    assert np.array_equal(_layer(screen, "preview").data[4] > 0, mask)
    assert [item.id for item in screen.session.objects] == [1]
    screen.press("U")
    assert screen.session.preview.mask.sum() < 0.5 * known.sum()
    screen.press("G")
    assert set(np.unique(screen.session.labels)) == {0, 1}
    assert screen.session.objects[0].slices == (3, 4)


@pytest.mark.parametrize(
    ("button", "modifier"), [("right", ""), ("left", "control"), ("left", "alt")]
)
def test_a_right_click_or_a_modifier_takes_away(screen, button, modifier):
    screen.click(30, 40)
    screen.click(30, 46, button, modifier)
    mask = screen.session.preview.mask
    assert not mask[30, 46]
    assert mask[30, 36]
    assert len(set(_layer(screen, "points").symbol)) == 2


def test_a_removing_click_is_marked_red_and_an_adding_one_green(screen):
    screen.click(30, 30)
    screen.click(30, 50, "right")
    screen.settle(0.1)
    picture = screen.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    for col, strongest in ((30, 1), (50, 0)):
        place = screen.pixel(screen.controller.work.image, 30, col)
        around = picture[place.y() - 5 : place.y() + 6, place.x() - 5 : place.x() + 6]
        others = np.delete(around, strongest, axis=-1).max(axis=-1)
        assert (around[..., strongest] > others + 60).sum() > 10


def test_a_slice_without_clicks_shows_no_stray_mark(screen):
    screen.click(30, 40)
    screen.viewer.dims.set_point(0, 5)
    screen.settle(0.1)
    picture = screen.viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    corner = screen.pixel(screen.controller.work.image, 0, 0)
    near = picture[max(corner.y() - 8, 0) : corner.y() + 8, max(corner.x() - 8, 0) : corner.x() + 8]
    assert near.size
    assert near.max() < 60


def test_taking_away_from_nothing_only_says_so(screen):
    screen.click(30, 40, "right")
    assert not screen.engine.calls
    assert "left click" in screen.widget.status.text


def test_two_quick_clicks_are_two_clicks_and_do_not_zoom(screen):
    zoom = screen.viewer.scene.camera.zoom
    screen.click(30, 40)
    place = screen.pixel(screen.controller.work.image, 20, 20)
    for kind in (QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease):
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            kind,
            QPointF(place),
            QPointF(screen.canvas.mapToGlobal(place)),
            button,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(screen.canvas, event)
    screen.answered()
    assert screen.viewer.scene.camera.zoom == zoom
    assert len(screen.session.prompts) == 2


def test_a_drag_without_a_tool_moves_the_image(screen):
    before = np.array(screen.viewer.scene.camera.center)
    screen.drag((30, 40), (40, 60))
    assert not np.allclose(before, screen.viewer.scene.camera.center)
    assert not screen.session.prompts


def test_other_candidates_are_one_key_away_and_the_line_says_which_is_shown(screen):
    screen.engine.candidates = 3
    screen.click(30, 40)
    best = screen.session.preview
    assert "Candidate 1 of 3" in screen.widget.status.text
    assert "[U]" in screen.widget.status.text
    screen.press(Qt.Key.Key_U)
    assert "Candidate 2 of 3" in screen.widget.status.text
    picked = screen.session.preview
    assert np.array_equal(_layer(screen, "preview").data[3] > 0, best.candidates[1].mask)
    screen.click(30, 46)
    assert screen.engine.calls[-1][3] is picked
    screen.press(Qt.Key.Key_Z, "control")
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.session.preview is best


def test_the_key_for_candidates_says_so_where_there_are_none(screen):
    screen.press(Qt.Key.Key_U)
    assert "candidate" in screen.widget.status.text
    screen.click(30, 40)
    screen.press(Qt.Key.Key_U)
    assert "correct it" in screen.widget.status.text


def test_undo_and_redo_are_exact(screen):
    shown = []
    for place in ((30, 40), (30, 50), (22, 44)):
        screen.click(*place)
        shown.append(_layer(screen, "preview").data.copy())
    for earlier in shown[-2::-1]:
        screen.press(Qt.Key.Key_Z, "control")
        assert np.array_equal(_layer(screen, "preview").data, earlier)
    screen.press(Qt.Key.Key_Z, "control")
    assert not _layer(screen, "preview").data.any()
    assert len(_layer(screen, "points").data) == 0
    for later in shown:
        screen.press(Qt.Key.Key_Z, "control+shift")
        assert np.array_equal(_layer(screen, "preview").data, later)
    assert len(screen.engine.calls) == 3, "nothing is computed twice"


def test_a_box_is_dragged_with_the_box_tool_and_the_image_stands_still(screen):
    screen.press(Qt.Key.Key_W)
    assert screen.controller.prompting.tool is Tool.BOX
    before = np.array(screen.viewer.scene.camera.center)
    screen.drag((40, 50), (20, 15))
    assert screen.engine.calls[-1][1].box == (20, 15, 40, 50)
    assert np.allclose(before, screen.viewer.scene.camera.center)
    assert screen.session.preview.mask.sum() == 21 * 36
    assert len(_layer(screen, "boxes").data) == 1
    screen.click(10, 10)
    assert screen.session.preview.mask[10, 10], "clicks still add"


def test_a_box_may_end_beside_the_image(screen):
    screen.press(Qt.Key.Key_W)
    screen.drag((50, 70), (75, 95))
    assert screen.engine.calls[-1][1].box == (50, 70, 59, 79)


def test_brush_and_eraser_edit_the_mask_and_the_next_click_keeps_the_edit(screen):
    screen.press(Qt.Key.Key_J)
    before = np.array(screen.viewer.scene.camera.center)
    screen.drag((30, 20), (30, 60), steps=9)
    assert np.allclose(before, screen.viewer.scene.camera.center)
    mask = screen.session.preview.mask
    assert mask[30, 20:61].all(), np.flatnonzero(~mask[30])
    assert mask.sum() < 12 * 60
    screen.press(Qt.Key.Key_K)
    screen.drag((25, 40), (35, 40))
    assert not screen.session.preview.mask[30, 40]
    assert not screen.engine.calls, "hand work asks no model"
    screen.press(Qt.Key.Key_Q)
    screen.click(10, 10)
    assert screen.session.preview.mask[30, 22]
    assert screen.session.preview.mask[10, 10]


def test_accept_makes_a_labels_layer_and_the_next_object_gets_another_number(screen):
    screen.click(30, 20)
    first = screen.session.preview.mask
    screen.press(Qt.Key.Key_G)
    labels = _layer(screen, "labels")
    assert np.array_equal(labels.data[3] == 1, first)
    assert not _layer(screen, "preview").data.any()
    screen.press(Qt.Key.Key_N)
    screen.click(30, 60)
    second = screen.session.preview.mask
    screen.press(Qt.Key.Key_G)
    assert np.array_equal(labels.data[3] == 2, second)
    assert np.array_equal(labels.data[3] == 1, first)
    screen.press(Qt.Key.Key_Z, "control")
    assert not (labels.data == 2).any()


def test_an_object_goes_on_over_the_slices(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_G)
    screen.viewer.dims.set_point(0, 4)
    screen.click(30, 22)
    screen.press(Qt.Key.Key_G)
    labels = _layer(screen, "labels").data
    assert labels[3].any()
    assert labels[4].any()
    assert set(np.unique(labels)) == {0, 1}


def test_next_object_accepts_what_is_shown(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_N)
    screen.click(30, 60)
    screen.press(Qt.Key.Key_N)
    assert set(np.unique(_layer(screen, "labels").data)) == {0, 1, 2}
    screen.press(Qt.Key.Key_N)
    assert len(screen.session.objects) == 3, "no row of empty objects"


def test_another_slice_begins_without_the_feedback_of_this_one(screen):
    screen.click(30, 40)
    screen.viewer.dims.set_point(0, 5)
    screen.click(30, 40)
    ref, prompts, _window, previous = screen.engine.calls[-1]
    assert ref == SliceRef(0, 5)
    assert previous is None
    assert len(prompts.points) == 1
    assert _layer(screen, "preview").data[3].any(), "the other slice keeps its preview"


def test_another_contrast_is_what_the_model_sees_and_begins_afresh(screen):
    screen.click(30, 40)
    screen.controller.work.image.contrast_limits = (-3, 9)
    screen.click(30, 44)
    first, second = screen.engine.calls[-2:]
    assert [window for _ref, _prompts, window, _previous in (first, second)] == [(-3, 9)] * 2
    assert first[-1] is None
    np.testing.assert_array_equal(first[1].points, [(30, 40)])
    assert second[-1] is not None, "the clicks are asked one after the other"


@pytest.mark.parametrize(("order", "axis"), [((1, 0, 2), 1), ((2, 0, 1), 2), ((0, 2, 1), 0)])
def test_rolled_axes_prompt_the_plane_that_is_shown(screen, order, axis):
    screen.viewer.dims.order = order
    screen.viewer.dims.point = (3, 30, 40)
    screen.viewer.reset_view()
    screen.settle()
    row, col = np.delete((3, 30, 40), axis)
    screen.click(row, col)
    assert screen.session.preview.mask[row, col]
    assert screen.engine.calls[-1][0] == SliceRef(axis, (3, 30, 40)[axis])
    assert _layer(screen, "preview").data[3, 30, 40]


def test_clicks_outside_and_in_3d_change_nothing(screen):
    layers = list(screen.viewer.layers)
    screen.click(30, -9)
    assert "outside" in screen.widget.status.text
    screen.viewer.dims.ndisplay = 3
    screen.settle()
    middle = screen.canvas.rect().center()
    from qtpy.QtTest import QTest

    QTest.mouseClick(screen.canvas, Qt.MouseButton.LeftButton, pos=middle)
    screen.settle()
    assert "2-D view" in screen.widget.status.text
    assert not screen.engine.calls
    assert list(screen.viewer.layers) == layers
    assert not screen.session.can_undo


def test_a_persons_own_tools_keep_the_mouse(screen):
    points = screen.viewer.add_points(ndim=3)
    points.mode = "add"
    screen.click(30, 40)
    assert len(points.data) == 1
    assert not screen.engine.calls


@pytest.mark.parametrize("button_first", [True, False])
def test_buttons_work_only_when_they_can(screen, button_first):
    objects, prompts = screen.widget.objects, screen.widget.prompts
    screen.settle()
    assert not objects._accept.isEnabled()
    assert not objects._next.isEnabled()
    assert not prompts._undo.isEnabled()
    assert not screen.widget.export._export.isEnabled()
    screen.click(30, 40)
    screen.until(objects._accept.isEnabled)
    if button_first:
        objects._accept.click()
        screen.until(screen.widget.export._export.isEnabled)
        assert objects._next.isEnabled()


def test_the_layers_of_a_tool_are_there_before_its_first_drag(screen):
    shown = screen.controller.work.shown
    assert shown.find("boxes") is shown.find("strokes") is None
    screen.controller.set_tool(Tool.BOX)
    boxes = shown.find("boxes")
    assert boxes is not None
    screen.controller.set_tool(Tool.SCRIBBLE)
    assert shown.find("strokes") is not None
    assert shown.find("boxes") is boxes


def test_clicks_of_another_object_are_drawn_though_their_layer_is_hidden(screen):
    for places in ([(20, 20)], [(40, 30), (40, 60)]):
        for place in places:
            screen.click(*place)
        screen.click(30, 70, "right")
        screen.press(Qt.Key.Key_N)
    layer = screen.controller.work.shown.find("points")
    for number, count in ((2, 3), (1, 2)):
        screen.controller.grouping.select(number)
        assert len(layer.data) == count
        layer.visible = False
    layer.visible = True
    assert [symbol.value for symbol in layer.symbol] == ["disc", "x"]
