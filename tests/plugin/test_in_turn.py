"""What a person does while an answer or a propagation is due comes in its turn: nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_samunet.plugin.gestures import Tool
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def key(screen, which, held=Qt.KeyboardModifier.NoModifier):
    """Press a key, and do not wait for an answer."""
    QTest.keyClick(screen.canvas, which, held)
    screen.settle(0.1)


def release(screen):
    """Let the model answer, to the last question."""
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.is_busy and not screen.controller.waiting)
    screen.settle(0.1)


def carry_on(screen):
    """Begin a propagation whose model is held."""
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.hold_model()
    screen.controller.through.propagate(0, 6)


def test_a_click_after_next_object_is_of_the_next_object(screen):
    screen.hold_model()
    screen.click(15, 15, wait=False)
    key(screen, Qt.Key.Key_N)
    screen.click(45, 60, wait=False)
    assert "moment" in screen.controller.notice
    release(screen)
    assert not screen.controller.notice
    first, second = screen.session.objects
    assert first.mask[3, 15, 15]
    assert not first.mask[3, 45, 60]
    assert screen.session.current.id == second.id
    assert screen.session.preview.mask[45, 60]


def test_a_click_on_another_slice_after_accept_takes_nothing_from_what_is_accepted(screen):
    screen.hold_model()
    screen.click(15, 15, wait=False)
    key(screen, Qt.Key.Key_G)
    screen.viewer.dims.set_point(0, 5)
    screen.settle()
    screen.click(15, 15, wait=False)
    release(screen)
    assert screen.session.objects[0].slices == (3,)
    assert set(screen.session.previews) == {SliceRef(0, 5)}


def test_paint_lies_on_the_answer_that_was_due(screen):
    screen.hold_model()
    screen.click(20, 20, wait=False)
    screen.controller.set_tool(Tool.PAINT)
    screen.controller.prompting.set_brush(3)
    screen.drag((40, 40), (40, 50), wait=False)
    release(screen)
    mask = screen.session.previews[SliceRef(0, 3)].mask
    assert mask[20, 20]
    assert mask[40, 45]


def test_what_is_discarded_before_its_answer_does_not_come(screen):
    screen.hold_model()
    screen.click(20, 20, wait=False)
    screen.controller.discard()
    release(screen)
    assert not screen.session.previews
    assert not screen.session.prompts


def test_two_clicks_that_nothing_answers_are_both_taken_back(screen):
    screen.hold_model()
    screen.engine.error = RuntimeError("no memory")
    for place in ((20, 20), (40, 50)):
        screen.click(*place, wait=False)
    release(screen)
    assert "no memory" in screen.controller.notice
    assert not screen.session.prompts


def test_next_object_stays_where_a_lock_keeps_the_mask_from_being_accepted(screen):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    kept = screen.session.current
    screen.click(30, 30)
    screen.controller.grouping.lock_current()
    screen.press(Qt.Key.Key_N)
    assert "locked" in screen.controller.notice
    assert screen.session.current.id == kept.id


def test_a_click_of_a_locked_object_cannot_be_deleted_and_the_line_says_so(screen):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.controller.grouping.lock_current()
    screen.hover(20, 20)
    screen.press(Qt.Key.Key_Delete)
    assert "locked" in screen.controller.notice


def test_accept_while_an_object_is_carried_on_keeps_what_is_seen(screen):
    screen.click(20, 20)
    screen.hold_model()
    screen.controller.through.propagate(0, 6)
    screen.settle(0.1)
    key(screen, Qt.Key.Key_G)
    screen.carried()
    accepted = set(screen.session.objects[0].slices)
    assert 3 in accepted
    assert len(accepted) > 1
    assert not screen.session.previews


def test_a_click_after_next_object_while_one_is_carried_on_is_of_the_next(screen):
    carry_on(screen)
    key(screen, Qt.Key.Key_N)
    screen.click(45, 60, wait=False)
    screen.carried()
    screen.press(Qt.Key.Key_G)
    liver, tumour = screen.session.objects
    assert not liver.mask[3, 45, 60]
    assert tumour.mask[3, 45, 60]


def test_undo_drops_what_waits_and_takes_no_step_back(screen):
    carry_on(screen)
    key(screen, Qt.Key.Key_N)
    screen.click(45, 60, wait=False)
    key(screen, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    screen.carried()
    (liver,) = screen.session.objects
    assert 3 in liver.slices, "what was accepted before stays"
    assert len(screen.session.previews) > 0, "and so does what was found"


def test_undo_while_an_object_is_carried_on_drops_that_and_takes_no_step_back(screen):
    carry_on(screen)
    screen.settle(0.1)
    assert screen.widget.prompts._discard.isEnabled()
    key(screen, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    screen.settle(0.1)
    assert screen.controller.through.stopping
    assert "nothing of it is kept" in screen.widget.status.text
    screen.carried()
    assert "nothing of it was kept" in screen.controller.notice
    assert not screen.session.previews
    assert screen.session.undo_name == "accept"
    assert screen.session.objects[0].slices == (3,)


def test_an_object_is_carried_on_from_the_answer_that_was_due(screen):
    screen.hold_model()
    screen.click(20, 20, wait=False)
    key(screen, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert "moment" in screen.controller.notice
    screen.engine.go.set()
    screen.until(lambda: len(screen.session.previews) > 1)
    screen.carried()
    assert screen.session.previews[SliceRef(0, 4)].mask[20, 20]


def test_what_is_discarded_while_it_is_carried_on_does_not_come(screen):
    carry_on(screen)
    key(screen, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ShiftModifier)
    screen.carried()
    assert not screen.session.previews
    assert screen.session.objects[0].slices == (3,)


def test_one_image_is_not_told_of_what_was_found_in_another(screen):
    carry_on(screen)
    first = screen.session
    other = screen.add_image(np.zeros((7, 60, 80), np.float32), name="other")
    screen.viewer.layers.selection.active = other
    screen.carried()
    assert first.previews, "it is there where it belongs"
    assert "Accept" not in screen.controller.notice


def test_what_waits_on_one_image_is_not_done_to_another(screen):
    first = screen.session
    other = screen.add_image(np.zeros((7, 60, 80), np.float32), name="other")
    screen.click(30, 30, image=other)
    second = screen.session
    assert second is not first
    screen.viewer.layers.selection.active = screen.controller.images[0]
    screen.settle()
    screen.hold_model()
    screen.click(15, 15, wait=False)
    key(screen, Qt.Key.Key_G)
    screen.viewer.layers.selection.active = other
    screen.settle()
    release(screen)
    assert screen.session is second
    assert second.previews, "nobody accepted that one"
    assert not second.labels.any()


def _beside_another(screen):
    """Open another image, and go on with the first; returns both."""
    first = screen.controller.work.image
    other = screen.add_image(name="other")
    _choose(screen, first)
    return first, other


def _choose(screen, image):
    screen.viewer.layers.selection.active = image
    screen.settle(0.1)


@pytest.mark.parametrize("answered_first", [True, False])
def test_what_waits_on_an_image_is_done_once_that_is_chosen_again(screen, answered_first):
    first, other = _beside_another(screen)
    screen.hold_model()
    screen.click(15, 15, wait=False)
    key(screen, Qt.Key.Key_G)
    key(screen, Qt.Key.Key_N)
    screen.click(45, 60, wait=False)
    _choose(screen, other)
    if answered_first:
        release(screen)
        _choose(screen, first)
    else:
        _choose(screen, first)
        release(screen)
    screen.until(lambda: screen.session.preview is not None and not screen.controller.waiting)
    organ, following = screen.session.objects
    assert organ.mask[3, 15, 15]
    assert screen.session.current.id == following.id
    assert screen.session.preview.mask[45, 60]


def test_a_stroke_that_waits_is_there_once_its_image_is_chosen_again(screen):
    first, other = _beside_another(screen)
    screen.hold_model()
    screen.click(20, 20, wait=False)
    screen.controller.set_tool(Tool.PAINT)
    screen.drag((40, 40), (40, 50), wait=False)
    _choose(screen, other)
    release(screen)
    _choose(screen, first)
    mask = screen.session.previews[SliceRef(0, 3)].mask
    assert mask[20, 20]
    assert mask[40, 45]


def test_clicks_on_two_slices_are_answered_though_another_image_was_chosen_meanwhile(screen):
    first, other = _beside_another(screen)
    screen.hold_model()
    screen.click(15, 15, wait=False)
    screen.viewer.dims.set_point(0, 5)
    screen.settle()
    screen.click(45, 60, wait=False)
    _choose(screen, other)
    release(screen)
    _choose(screen, first)
    screen.answered()
    assert set(screen.session.previews) == {SliceRef(0, 3), SliceRef(0, 5)}


def test_what_became_of_a_propagation_is_told_when_its_image_is_chosen_again(screen):
    first, other = _beside_another(screen)
    carry_on(screen)
    _choose(screen, other)
    screen.click(30, 30, wait=False)
    screen.carried()
    assert "Stopped" not in screen.controller.notice
    _choose(screen, first)
    assert "Stopped: 1 slices" in screen.controller.notice


def test_why_nothing_can_be_carried_on_is_told_after_the_answer_that_was_due(screen):
    screen.hold_model()
    screen.click(20, 20, wait=False)
    screen.viewer.dims.order = (1, 0, 2)
    screen.settle()
    key(screen, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    release(screen)
    assert not screen.controller.through.running
    said = screen.controller.notice
    key(screen, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert said == screen.controller.notice != ""


def test_an_image_may_go_while_suggestions_are_looked_for(screen):
    image = screen.controller.work.image
    image.data = np.random.default_rng(0).random((7, 60, 80)).astype(np.float32)
    screen.settle(0.3)
    image = screen.controller.work.image
    screen.hold_model()
    screen.controller.suggestions.suggest()
    screen.settle(0.1)
    screen.viewer.layers.remove(image)
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.suggestions.running)
    assert not screen.viewer.layers


def test_accept_means_what_a_person_clicked_not_what_was_suggested_there(screen):
    suggestions = screen.controller.suggestions
    suggested = np.zeros((60, 80), bool)
    suggested[15:26, 15:26] = True
    suggestions._show(screen.controller.work, "here", {SliceRef(0, 3): (suggested,)})
    assert suggestions.shown == 1
    screen.click(20, 20)
    assert not suggestions.shown
    screen.press(Qt.Key.Key_G)
    assert len(screen.session.objects) == 1
    assert not screen.session.previews


def test_a_copy_of_the_labels_layer_is_the_persons_own(screen):
    from napari.layers._layer_actions import _duplicate_layer

    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    layers, labels = screen.viewer.layers, screen.controller.work.shown.find("labels")
    layers.selection.active = labels
    _duplicate_layer(layers)
    copy = next(layer for layer in layers if "copy" in layer.name)
    before = copy.data.copy()
    layers.move(layers.index(copy), 0)
    layers.selection.active = screen.controller.work.image
    screen.press(Qt.Key.Key_N)
    screen.click(45, 60)
    screen.press(Qt.Key.Key_G)
    assert labels.data[3, 45, 60]
    np.testing.assert_array_equal(copy.data, before)
