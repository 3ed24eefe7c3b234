"""What was put aside for the chosen image comes back."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

pytestmark = pytest.mark.viewer


def test_labels_of_an_image_that_is_removed_while_another_is_shown_are_seen_again(screen):
    first = screen.controller.work
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    labels = first.shown.find("labels")
    screen.add_image(name="second")
    assert not labels.visible
    screen.viewer.layers.remove(first.image)
    screen.settle(0.1)
    assert labels in screen.viewer.layers
    assert labels.visible
