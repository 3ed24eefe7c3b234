"""What the button was pressed on is what the drag is about, whatever else happens until release."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier
PAINT, ERASE, BOX = Qt.Key.Key_J, Qt.Key.Key_K, Qt.Key.Key_W
BEGUN, ENDED = [(20, 20), (25, 25), (30, 30)], [(30, 35), (40, 50)]


class _Drag:
    """A drag in whose middle something else happens."""

    def __init__(self, screen, button=LEFT):
        self._screen, self._button = screen, button
        self._image = screen.controller.work.image
        self._places = [screen.pixel(self._image, *place) for place in BEGUN + ENDED]

    def __enter__(self):
        first, *others = self._places[: len(BEGUN)]
        QTest.mouseMove(self._screen.canvas, first)
        QTest.mousePress(self._screen.canvas, self._button, NO_KEY, first)
        self._move(others)

    def __exit__(self, *error):
        self._screen.settle()
        self._move(self._places[len(BEGUN) :])
        QTest.mouseRelease(self._screen.canvas, self._button, NO_KEY, self._places[-1])
        self._screen.settle()
        self._screen.answered()

    def _move(self, places):
        for place in places:
            self._screen._move(place, self._button, NO_KEY)


def _other_image(screen):
    """A smaller image beside the chosen one, which stays chosen."""
    chosen = screen.controller.work.image
    other = screen.add_image(np.zeros((7, 30, 40), np.float32), name="other")
    screen.viewer.layers.selection.active = chosen
    screen.settle()
    return other


def _nothing_is_left(screen, work):
    assert not work.session.prompts
    assert not work.session.previews
    drawn = [work.shown.find(role) for role in ("preview", "strokes", "boxes", "points")]
    assert not any(np.any(layer.data) for layer in drawn if layer is not None)
    assert "while the button was held" in screen.widget.status.text


@pytest.mark.parametrize(
    ("key", "modifier"), [(PAINT, ""), (PAINT, "shift"), (BOX, ""), (BOX, "shift")]
)
def test_a_drag_on_one_image_never_ends_on_another(screen, key, modifier):
    other, first = _other_image(screen), screen.controller.work
    screen.press(key, modifier)
    with _Drag(screen):
        screen.viewer.layers.selection.active = other
    assert screen.controller.work.image is other
    _nothing_is_left(screen, first)
    _nothing_is_left(screen, screen.controller.work)
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    screen.drag((20, 20), (40, 50))
    assert first.session.previews, "the next drag is taken again"


def test_a_click_stays_where_it_was_when_another_image_comes_while_it_is_dragged(screen):
    other, first = _other_image(screen), screen.controller.work
    screen.click(*BEGUN[0])
    with _Drag(screen):
        screen.viewer.layers.selection.active = other
    np.testing.assert_array_equal(first.session.prompts[0].points, [BEGUN[0]])
    np.testing.assert_array_equal(first.shown.find("points").data, [(3, *BEGUN[0])])
    assert not screen.session.prompts
    assert "while the button was held" in screen.widget.status.text


def test_a_window_is_dragged_on_the_image_that_it_was_begun_on(screen):
    other = _other_image(screen)
    limits = tuple(other.contrast_limits)
    with _Drag(screen, RIGHT):
        screen.viewer.layers.selection.active = other
    assert tuple(other.contrast_limits) == limits


@pytest.mark.parametrize(
    ("key", "modifier", "elsewhere"),
    [
        (BOX, "", (Qt.Key.Key_Right, "")),
        (BOX, "", (Qt.Key.Key_E, "control")),
        (PAINT, "", (Qt.Key.Key_E, "control")),
        (BOX, "shift", (Qt.Key.Key_Right, "")),
    ],
)
def test_a_drag_does_not_go_on_in_another_slice_or_plane(screen, key, modifier, elsewhere):
    screen.press(key, modifier)
    before = screen.controller.shown_ref()
    with _Drag(screen):
        screen.press(*elsewhere)
        assert screen.controller.shown_ref() != before
    _nothing_is_left(screen, screen.controller.work)


def test_a_click_on_a_slice_that_goes_before_the_release_is_placed_on_no_other(screen):
    place = screen.pixel(screen.controller.work.image, 30, 40)
    QTest.mouseMove(screen.canvas, place)
    QTest.mousePress(screen.canvas, LEFT, NO_KEY, place)
    screen.viewer.dims.set_point(0, 5)
    QTest.mouseRelease(screen.canvas, LEFT, NO_KEY, place)
    screen.settle()
    _nothing_is_left(screen, screen.controller.work)


@pytest.mark.parametrize("key", [ERASE, BOX])
def test_the_key_of_another_tool_is_for_the_next_drag(screen, key):
    screen.press(PAINT)
    with _Drag(screen):
        screen.press(key)
    assert [prompt.kind for prompt in screen.session.prompts] == ["mask"]
    for row, col in (*BEGUN, *ENDED):
        assert screen.session.previews[SliceRef(0, 3)].mask[row, col]


@pytest.mark.parametrize("tool", [PAINT, BOX])
def test_a_drag_is_of_the_object_that_it_was_begun_on_whatever_is_accepted_meanwhile(screen, tool):
    screen.click(25, 25)
    screen.press(tool)
    with _Drag(screen):
        screen.press(Qt.Key.Key_N)
        assert "Let go of the mouse button" in screen.widget.status.text
        assert screen.session.current.id == screen.session.objects[0].id
    first, second = screen.session.objects
    assert first.mask[3, 40, 50], "the end of the drag"
    assert screen.session.current.id == second.id
    assert not screen.session.previews


def test_a_step_back_in_the_middle_of_a_stroke_takes_the_stroke_back(screen):
    screen.click(50, 70)
    screen.press(PAINT)
    with _Drag(screen):
        screen.press(Qt.Key.Key_Z, "control")
    assert [prompt.kind for prompt in screen.session.prompts] == ["point"]
    assert not screen.session.preview.mask[20, 20]


def test_a_key_that_was_pressed_during_a_drag_works_though_the_drag_came_to_nothing(screen):
    screen.click(50, 70)
    screen.press(PAINT)
    with _Drag(screen):
        screen.press(Qt.Key.Key_G)
        screen.press(Qt.Key.Key_Right)
        assert screen.session.previews, "the button is still held"
    assert not screen.session.previews
    assert screen.session.objects[0].voxels


def test_a_drag_begun_while_the_next_object_waits_for_an_answer_is_of_the_next_object(screen):
    screen.hold_model()
    screen.click(50, 70, wait=False)
    QTest.keyClick(screen.canvas, Qt.Key.Key_N)
    QTest.keyClick(screen.canvas, BOX)
    with _Drag(screen):
        screen.engine.go.set()
        screen.until(lambda: screen.session.objects[0].voxels)
    assert screen.session.current.id == screen.session.objects[1].id
    assert [prompt.kind for prompt in screen.session.prompts] == ["box"]


def test_an_image_that_is_removed_under_the_mouse_leaves_no_layers(screen):
    _other_image(screen)
    first = screen.controller.work
    screen.click(50, 70)
    screen.press(PAINT)
    with _Drag(screen):
        screen.viewer.layers.remove(first.image)
        screen.settle()
    assert not [layer for layer in screen.viewer.layers if layer.name.startswith("volume")]


def test_another_button_during_a_stroke_ends_it(screen):
    screen.press(PAINT)
    with _Drag(screen):
        QTest.mousePress(
            screen.canvas, RIGHT, NO_KEY, screen.pixel(screen.controller.work.image, 50, 70)
        )
        assert not screen.controller.work.shown.find("preview").data.any()
    assert not screen.session.previews
    screen.drag((20, 20), (40, 50))
    assert screen.session.previews


@pytest.mark.parametrize("key", [Qt.Key.Key_Q, PAINT])
def test_nobody_prompts_on_an_image_that_is_not_seen(screen, key):
    screen.press(key)
    image = screen.controller.work.image
    image.visible = False
    screen.drag((20, 20), (40, 50))
    screen.click(30, 40)
    assert not screen.session.prompts
    assert "'volume' is hidden: show it" in screen.widget.status.text
    image.visible = True
    screen.drag((20, 20), (40, 50))
    screen.click(30, 40)
    assert screen.session.prompts


def test_nobody_deletes_a_click_that_is_not_seen(screen):
    screen.click(30, 40)
    screen.controller.work.image.visible = False
    screen.hover(30, 40)
    screen.press(Qt.Key.Key_Delete)
    assert screen.session.prompts
    assert "'volume' is hidden: show it to delete" in screen.widget.status.text
    screen.controller.work.image.visible = True
    screen.press(Qt.Key.Key_Delete)
    assert not screen.session.prompts


def test_no_ghost_appears_over_an_image_that_is_not_seen(screen):
    screen.controller.work.image.visible = False
    screen.press(Qt.Key.Key_E, "shift")
    screen.hover(30, 40)
    screen.settle(0.2)
    assert not screen.engine.calls
