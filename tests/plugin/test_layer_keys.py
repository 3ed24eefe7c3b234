"""Keys of napari's on a layer that shows our prompts change nothing in it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

pytestmark = pytest.mark.viewer
A, C, V = Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V


@pytest.mark.parametrize("modifier", ["", "shift", "control"])
@pytest.mark.parametrize("role", ["points", "boxes"])
def test_prompts_are_not_selected_deleted_or_pasted_as_discs_and_boxes(screen, role, modifier):
    screen.press(Qt.Key.Key_W)
    screen.drag((20, 20), (40, 50))
    screen.click(30, 40)
    layer = screen.controller.work.shown.find(role)
    before = np.array(layer.data)
    screen.viewer.layers.selection.active = layer
    screen.settle()
    screen.press(A, modifier)
    screen.press(C, "control")
    screen.press(V, "control")
    screen.press(Qt.Key.Key_1)
    screen.press(Qt.Key.Key_3)
    assert not layer.selected_data
    np.testing.assert_array_equal(layer.data, before)
