"""Suggestions beside the ghost, a lock and an image that goes; taking them is in test_through."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

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


def test_a_suggestion_that_a_lock_refuses_can_be_taken_afterwards(screen):
    suggested = np.zeros((60, 80), bool)
    suggested[5:15, 5:15] = True
    empty = screen.session.new_object("liver")
    screen.session.lock_object(empty.id)
    suggestions = screen.controller.suggestions
    suggestions._show(screen.controller.work, "here", {SliceRef(0, 3): (suggested,)})
    screen.press(Qt.Key.Key_G)
    screen.settle(0.1)
    assert "locked" in screen.widget.status.text
    assert suggestions.shown == 1
    screen.press(Qt.Key.Key_K, "shift")
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(screen.session.preview.mask, suggested)


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
