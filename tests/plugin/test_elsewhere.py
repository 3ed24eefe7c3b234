"""Who takes a step back on a slice that they do not see is told which one it was."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.viewer


def test_undo_and_redo_beside_the_shown_slice_say_where(screen):
    screen.click(30, 40)
    screen.controller.accept()
    screen.viewer.dims.set_point(0, 5)
    screen.settle()
    screen.controller.undo()
    screen.settle(0.1)
    assert screen.widget.status.text == "Undone on slice 4."
    screen.controller.redo()
    screen.settle(0.1)
    assert screen.widget.status.text == "Made again on slice 4."
    screen.viewer.dims.order = (1, 0, 2)
    screen.viewer.dims.set_point(1, 2)
    screen.settle()
    screen.controller.undo()
    screen.settle(0.1)
    assert screen.widget.status.text == "Undone on slice 4 of another plane (as stored)."


def test_what_one_sees_is_not_told(screen):
    screen.click(30, 40)
    screen.controller.undo()
    screen.settle(0.1)
    assert "Undone" not in screen.widget.status.text
    screen.controller.redo()
    screen.answered()
    screen.controller.accept()
    screen.controller.grouping.rename(1, "liver")
    screen.viewer.dims.set_point(0, 5)
    screen.settle()
    screen.controller.undo()
    screen.settle(0.1)
    assert "Undone" not in screen.widget.status.text, "a name is on no slice"
