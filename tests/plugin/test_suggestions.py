"""Suggestions beside the ghost, locks, names, undo, a propagation and an image that goes."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_samunet.session.labelset import label_sets
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _drawn(screen, role):
    return screen.controller.work.shown.find(role).data


def test_suggestions_stay_on_the_screen_while_the_ghost_follows_the_mouse(screen):
    suggested = np.zeros((60, 80), bool)
    suggested[5:15, 5:15] = True
    screen.press(Qt.Key.Key_E, "shift")
    screen.controller.suggestions._show(
        screen.controller.work, "here", {SliceRef(0, 3): (suggested,)}
    )
    screen.settle(0.1)
    assert "1 suggestion:" in screen.widget.status.text
    screen.hover(40, 60)
    screen.until(lambda: screen.controller.work.shown.find("ghost") is not None)
    assert _drawn(screen, "ghost")[3, 40, 60]
    assert _drawn(screen, "suggestions")[3, 10, 10]
    screen.hover(20, 40)
    screen.until(lambda: _drawn(screen, "ghost")[3, 20, 40])
    np.testing.assert_array_equal(_drawn(screen, "suggestions")[3] > 0, suggested)


def _suggest(screen, *squares, index=3):
    """Show suggestions on a slice: squares that begin at these rows and columns."""
    masks = []
    for at in squares:
        mask = np.zeros((60, 80), bool)
        mask[at : at + 10, at : at + 10] = True
        masks.append(mask)
    suggestions = screen.controller.suggestions
    suggestions._show(screen.controller.work, "here", {SliceRef(0, index): tuple(masks)})
    screen.settle(0.1)
    return masks


def _carry_on(screen):
    """Carry the current object on, with a model that is held."""
    screen.hold_model()
    QTest.keyClick(screen.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    screen.until(lambda: screen.controller.through.running)


def test_a_suggestion_that_a_lock_refuses_can_be_taken_afterwards(screen):
    screen.click(45, 60)
    screen.controller.grouping.lock_current()
    (suggested,) = _suggest(screen, 5)
    screen.press(Qt.Key.Key_G)
    screen.settle(0.1)
    assert "locked" in screen.widget.status.text
    assert screen.controller.suggestions.shown == 1
    screen.press(Qt.Key.Key_K, "shift")
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(screen.session.preview.mask, suggested)


def test_what_nobody_named_gets_no_name_of_a_list(screen):
    screen.controller.grouping.use_preset(next(iter(label_sets())))
    listed = [item.name for item in screen.session.objects]
    _suggest(screen, 5)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_G)
    drawn = [item.name for item in screen.session.objects if item.voxels]
    assert len(drawn) == 1
    assert drawn[0] not in listed
    assert drawn[0].startswith("object ")


def test_an_empty_object_without_a_name_takes_a_suggestion(screen):
    screen.controller.step(lambda session: session.new_object())
    _suggest(screen, 5)
    screen.press(Qt.Key.Key_G)
    assert len(screen.session.objects) == 1


def test_one_undo_takes_back_a_suggestion_that_was_taken_and_shows_it_again(screen):
    first, second = _suggest(screen, 5, 25)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_G)
    assert screen.session.objects[0].voxels
    screen.press(Qt.Key.Key_Z, "control")
    np.testing.assert_array_equal(screen.session.preview.mask, first)
    assert not screen.session.labels.any(), "nothing is accepted any more"
    assert screen.controller.suggestions.shown == 1
    assert _drawn(screen, "suggestions")[3, 30, 25], "its contour"
    screen.press(Qt.Key.Key_Z, "control+shift")
    np.testing.assert_array_equal(screen.session.preview.mask, second)
    assert not screen.controller.suggestions.shown
    for left in (1, 2):
        screen.press(Qt.Key.Key_Z, "control")
        assert screen.controller.suggestions.shown == left
    assert not screen.session.can_undo
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(screen.session.preview.mask, first)


def test_the_line_names_the_keys_as_long_as_there_are_suggestions(screen):
    _suggest(screen, 5, 25, index=5)
    assert screen.controller.shown_ref().index == 5
    assert "2 suggestions" in screen.widget.status.text, "though the view was led there"
    for index in (0, 5):
        screen.viewer.dims.set_point(0, index)
        screen.settle(0.1)
    assert "2 suggestions, the brightest first: take [G]" in screen.widget.status.text
    screen.press(Qt.Key.Key_G)
    screen.settle(0.1)
    line = screen.widget.status.text
    assert "1 more: take the next, which accepts this [G]" in line
    assert "refuse it [Shift+Backspace]" in line
    screen.press(Qt.Key.Key_Backspace, "shift")
    screen.settle(0.1)
    assert "suggestion" not in screen.widget.status.text


def test_what_is_carried_on_is_thrown_away_though_suggestions_were_left(screen):
    (first, _) = _suggest(screen, 5, 25)
    screen.press(Qt.Key.Key_G)
    _carry_on(screen)
    QTest.keyClick(screen.canvas, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ShiftModifier)
    screen.settle(0.1)
    assert screen.controller.through.stopping
    assert "nothing of it is kept" in screen.widget.status.text
    screen.carried()
    assert set(screen.session.previews) == {SliceRef(0, 3)}, "what was taken stays"
    np.testing.assert_array_equal(screen.session.preview.mask, first)


def test_accept_after_a_suggestion_was_carried_on_accepts_and_takes_no_other(screen):
    _suggest(screen, 5, 25)
    screen.press(Qt.Key.Key_G)
    _carry_on(screen)
    assert not screen.controller.suggestions.shown
    screen.carried()
    screen.press(Qt.Key.Key_G)
    assert not screen.session.previews
    assert len(screen.session.objects) == 1
    assert len(screen.session.objects[0].slices) == 7


def test_accept_during_a_propagation_takes_no_suggestion_of_the_slice_that_is_shown(screen):
    screen.click(30, 40)
    _carry_on(screen)
    _suggest(screen, 5, index=6)
    assert screen.controller.suggestions.shown == 1
    QTest.keyClick(screen.canvas, Qt.Key.Key_G)
    screen.carried()
    assert not screen.session.previews
    assert len(screen.session.objects) == 1
    assert screen.controller.suggestions.shown == 1


def test_who_paints_takes_no_suggestion_by_accepting(screen):
    _suggest(screen, 5, 25)
    screen.press(Qt.Key.Key_J)
    screen.drag((45, 60), (50, 70))
    assert not screen.controller.suggestions.shown
    screen.press(Qt.Key.Key_G)
    assert not screen.session.previews
    (drawn,) = screen.session.objects
    assert drawn.mask[3, 45, 60]


def test_a_search_for_suggestions_ends_with_its_image(screen):
    screen.viewer.layers.clear()
    noise = np.random.default_rng(1).uniform(50, 90, (7, 60, 80)).astype(np.float32)
    image = screen.add_image(noise)
    screen.hold_model()
    asked = len(screen.engine.calls)
    screen.press(Qt.Key.Key_F, "control+shift")
    screen.until(lambda: len(screen.engine.calls) > asked)
    screen.viewer.layers.remove(image)
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.suggestions.running)
    assert len(screen.engine.calls) == asked + 1, "nobody waits for the others"


def test_what_was_found_on_another_image_is_said_when_that_is_chosen_again(screen):
    first = screen.controller.work
    second = screen.add_image(np.ones((7, 60, 80), np.float32), name="second")
    screen.viewer.layers.selection.active = second
    suggested = np.zeros((60, 80), bool)
    suggested[5:15, 5:15] = True
    screen.controller.suggestions._show(first, "here", {SliceRef(0, 3): (suggested,)})
    screen.settle(0.1)
    assert "suggestion" not in screen.widget.status.text
    screen.viewer.layers.selection.active = first.image
    screen.settle(0.1)
    assert "1 suggestion" in screen.widget.status.text
