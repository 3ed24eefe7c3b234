"""napari's own brush paints into the current object, by the same rules as ours, and says so."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.viewer


@pytest.fixture
def two(screen):
    """Two accepted objects on slice 3, the second one current, and the labels layer."""
    for number, row in enumerate((15, 40), start=1):
        screen.click(row, 40)
        screen.controller.next_object() if number == 1 else screen.controller.accept()
        screen.settle()
    return screen.session.objects, screen.controller.work.shown.find("labels")


def _stroke(screen, layer, place, size=5):
    layer.brush_size = size
    layer.paint(place, layer.selected_label)
    screen.settle()


def test_the_brush_paints_into_the_object_that_is_current(screen, two):
    (first, second), layer = two
    assert layer.selected_label == second.id
    before = first.voxels, second.voxels
    _stroke(screen, layer, (3, 28, 70))
    assert first.voxels == before[0]
    assert second.voxels > before[1]
    assert screen.widget.status.text == f"Painted voxels: 'object 2' +{second.voxels - before[1]}."
    screen.controller.grouping.select(first.id)
    assert layer.selected_label == first.id


def test_a_label_that_a_person_chose_for_the_brush_stays_until_another_object_is_chosen(
    screen, two
):
    (first, second), layer = two
    layer.selected_label = first.id
    _stroke(screen, layer, (3, 28, 70))
    screen.click(50, 60)
    assert screen.session.current == second
    assert layer.selected_label == first.id


def test_the_brush_leaves_another_object_whole_where_the_rule_is_to_keep_it(screen, two):
    (first, second), layer = two
    mask = first.mask
    screen.controller.grouping.set_overlap("keep")
    _stroke(screen, layer, (3, 20, 40))
    assert np.array_equal(first.mask, mask)
    assert second.mask_at(3)[22, 40] or not mask[3, 22, 40]
    assert "stay as they are" in screen.widget.status.text
    np.testing.assert_array_equal(layer.data, screen.session.labels)
    screen.controller.grouping.set_overlap("replace")
    _stroke(screen, layer, (3, 20, 40))
    assert second.mask_at(3)[20, 40]
    assert not first.mask_at(3)[20, 40]
    assert "'object 1' −" in screen.widget.status.text  # noqa: RUF001 - as it is shown
