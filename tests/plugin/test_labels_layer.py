"""The layer of accepted labels: a copy is the person's own, and a deleted one comes back."""

from __future__ import annotations

import copy

import pytest
from napari.layers import Layer
from qtpy.QtCore import Qt

pytestmark = pytest.mark.viewer


@pytest.fixture
def labels(screen):
    """The layer, with one accepted object."""
    screen.click(30, 40)
    screen.controller.accept()
    screen.settle()
    return screen.controller.work.shown.find("labels")


def test_undo_in_a_copy_takes_back_what_was_painted_there_and_nothing_else(screen, labels):
    twin = Layer.create(*copy.deepcopy(labels.as_layer_data_tuple()))
    screen.viewer.layers.insert(screen.viewer.layers.index(labels) + 1, twin)
    screen.settle()
    assert "is a copy" in screen.widget.status.text
    screen.viewer.layers.selection.active = twin
    before = twin.data.copy()
    twin.paint((3, 5, 5), 1)
    screen.press(Qt.Key.Key_Z, "control")
    assert (twin.data == before).all()
    assert [item.voxels for item in screen.session.objects] == [(before == 1).sum()]


@pytest.mark.parametrize("way", ["key", "tick"])
def test_labels_that_were_deleted_come_back_by_showing_them(screen, labels, way):
    data = labels.data.copy()
    screen.viewer.layers.remove(labels)
    screen.settle(0.1)
    assert screen.widget.status.text == "Masks are hidden: [H] shows them."
    if way == "key":
        screen.press(Qt.Key.Key_H)
    else:
        screen.controller.grouping.show(1, False)
        screen.controller.grouping.show(1, True)
    again = screen.controller.work.shown.find("labels")
    assert again is not labels
    assert again.visible
    assert (again.data == data).all()
    screen.settle(0.1)
    assert "hidden" not in screen.widget.status.text
    again.paint((3, 5, 5), 1)
    screen.settle()
    assert screen.session.labels[3, 5, 5] == 1, "the brush works in it as in the first one"


@pytest.mark.parametrize("role", ["preview", "points"])
@pytest.mark.parametrize("looked_at_3d", [False, True])
def test_a_click_is_a_prompt_also_where_napari_was_asked_for_its_own_tool(
    screen, role, looked_at_3d
):
    screen.click(30, 40)
    layer = screen.controller.work.shown.find(role)
    screen.viewer.layers.selection.active = layer
    if looked_at_3d:
        for displayed in (3, 2):
            screen.viewer.dims.ndisplay = displayed
            screen.settle()
    screen.press(Qt.Key.Key_2)  # napari's brush, or its way to add points
    screen.click(30, 60)
    assert [prompt.kind for prompt in screen.session.prompts] == ["point", "point"]
    assert len(screen.controller.work.shown.find("points").data) == 2
    assert screen.session.preview.mask[30, 60]
