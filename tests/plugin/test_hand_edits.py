"""napari's brush, and whoever else writes into the labels, paints the objects by our rules."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from qtpy.QtCore import Qt

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


def _export(screen, path):
    screen.controller.sharing.export(path)
    screen.until(lambda: "Written" in screen.widget.status.text)
    return np.asarray(nibabel.load(path).dataobj).T


def test_what_was_written_without_a_tool_is_in_the_file_and_is_undone_like_a_stroke(
    screen, two, tmp_path
):
    (first, _), layer = two
    before = screen.session.labels.copy()
    layer.data[6, :5, :5] = first.id  # as the console does, or another plugin
    layer.refresh()
    assert (_export(screen, tmp_path / "labels.nii.gz")[6, :5, :5] == first.id).all()
    screen.press(Qt.Key.Key_Z, "control")
    np.testing.assert_array_equal(layer.data, before)
    np.testing.assert_array_equal(screen.session.labels, before)


def test_undo_draws_over_nothing_that_was_written_without_a_tool(screen, two):
    (first, _), layer = two
    layer.data[3, :3, :3] = first.id  # on the slice of the step that would be undone
    screen.press(Qt.Key.Key_Z, "control")
    assert not layer.data[3, :3, :3].any()
    screen.controller.redo()
    assert (layer.data[3, :3, :3] == first.id).all(), "it was a step of its own"


def test_redo_draws_over_nothing_that_was_written_without_a_tool(screen, two):
    (first, _), layer = two
    screen.press(Qt.Key.Key_Z, "control")
    layer.data[3, :3, :3] = first.id
    screen.controller.redo()
    assert (layer.data[3, :3, :3] == first.id).all()
    assert (screen.session.labels[3, :3, :3] == first.id).all()


def test_a_step_does_not_look_at_a_whole_volume_to_find_what_nobody_told_of(screen, two):
    (first, second), layer = two
    layer.data[6, :5, :5] = first.id
    screen.controller.grouping.select(first.id)
    screen.controller.grouping.rename(second.id, "liver")
    screen.controller.undo()
    assert not screen.session.labels[6].any(), "each would take a tenth of a second for a large CT"
    assert (layer.data[6, :5, :5] == first.id).all()
    screen.click(50, 70)
    screen.controller.accept()
    assert (screen.session.labels[6, :5, :5] == first.id).all(), "what writes all labels looks"


def test_what_was_written_without_a_tool_is_locked_with_the_object(screen, two):
    (first, _), layer = two
    layer.data[3, :3, :3] = first.id
    screen.controller.grouping.lock(first.id, True)
    screen.click(50, 70)
    screen.controller.accept()
    assert (screen.session.labels[3, :3, :3] == first.id).all()


@pytest.mark.parametrize("what", ["fill", "delete"])
def test_what_draws_objects_anew_takes_over_what_was_written_without_a_tool(screen, two, what):
    (first, second), layer = two
    layer.data[3, :3, :3] = first.id
    getattr(screen.controller.grouping, what)([second.id])
    assert (screen.session.labels[3, :3, :3] == first.id).all()
    assert (layer.data[3, :3, :3] == first.id).all()


def test_accept_keeps_what_was_written_without_a_tool(screen, two):
    (first, _), layer = two
    screen.click(50, 70)
    layer.data[3, :3, :3] = first.id  # on the very slice that is drawn again
    screen.controller.accept()
    assert (screen.session.labels[3, :3, :3] == first.id).all()
    np.testing.assert_array_equal(layer.data, screen.session.labels)


def test_another_array_is_taken_over_and_stays_its_owners(screen, two):
    (first, _), layer = two
    theirs = layer.data.astype(np.int32)
    theirs[:, :5, :5] = first.id
    layer.data = theirs
    screen.settle()
    assert (screen.session.labels[:, :5, :5] == first.id).all()
    assert screen.widget.status.text == "Painted voxels: 'object 1' +175."
    kept = theirs.copy()
    screen.press(Qt.Key.Key_Z, "control")
    assert not layer.data[:, :5, :5].any()
    np.testing.assert_array_equal(theirs, kept)
    _stroke(screen, layer, (5, 28, 70))
    assert screen.session.labels[5, 28, 70], "the brush paints into it as before"


def test_another_array_counts_before_a_step_that_follows_at_once(screen, two):
    (first, second), layer = two
    theirs = layer.data.copy()
    theirs[:, :5, :5] = first.id
    layer.data = theirs
    screen.controller.grouping.delete([second.id])
    assert (screen.session.labels[:, :5, :5] == first.id).all()


def test_a_type_that_holds_fewer_numbers_hides_no_object(screen, two):
    _, layer = two
    layer.data = layer.data.astype(np.int8)
    screen.settle()
    labels = screen.session.labels.copy()
    labels[5, 40:50, 40:50] = 200
    screen.session.set_labels(labels)
    assert (layer.data[5, 40:50, 40:50] == 200).all()


@pytest.mark.parametrize(
    "theirs",
    [
        np.ones((7, 30, 40), int),
        np.ones((60, 80), int),
        np.ones((2, 7, 60, 80), int),
        np.full((7, 60, 80), -3),
    ],
)
def test_what_cannot_be_labels_of_the_image_is_put_back_and_said(screen, two, theirs):
    _, layer = two
    before = screen.session.labels.copy()
    layer.data = theirs
    screen.settle()
    np.testing.assert_array_equal(screen.session.labels, before)
    np.testing.assert_array_equal(layer.data, before)
    np.testing.assert_array_equal(layer.scale, screen.controller.work.image.scale)
    assert screen.widget.status.text.startswith("The labels stay as they are. ")


def test_a_layer_that_was_deleted_brings_nothing_back(screen, two):
    _, layer = two
    screen.viewer.layers.remove(layer)
    screen.session.set_labels(np.zeros_like(screen.session.labels))
    screen.controller.work.take_hand_edits()
    assert not screen.session.labels.any()
