"""A layer's buffers and programs are freed where they were made, or the driver ends the process."""

from __future__ import annotations

import pytest
from qtpy.QtGui import QOpenGLContext

pytestmark = pytest.mark.viewer


def test_a_layer_goes_in_the_context_of_the_canvas(screen):
    screen.click(30, 40)
    current = []
    screen.viewer.layers.events.removed.connect(
        lambda _event: current.append(QOpenGLContext.currentContext()), position="first"
    )
    screen.canvas.doneCurrent()
    screen.viewer.layers.remove(screen.controller.work.shown.find("points"))
    assert current == [screen.canvas.context()]
