"""Through the slices in a real window: a preview that can be stopped, doubts, corrections."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_samunet.plugin import through
from napari_samunet.plugin.gestures import Tool
from napari_samunet.session.story import read_story
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _go(screen, index):
    screen.viewer.dims.set_point(0, index)
    screen.settle()


def _finished(screen):
    screen.until(lambda: not screen.controller.through.running)


def test_an_accepted_object_is_carried_on_as_a_preview_then_accepted(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    assert len(screen.session.previews) == 6
    assert not screen.session.labels[0].any(), "nothing is accepted unasked"
    assert screen.controller.work.shown.find("preview").data[0].any()
    screen.press(Qt.Key.Key_G)
    assert all(screen.session.labels[z].any() for z in range(7))
    screen.press(Qt.Key.Key_Z, "control")
    screen.press(Qt.Key.Key_Z, "control")
    assert [z for z in range(7) if screen.session.labels[z].any()] == [3]


def test_each_slice_that_is_found_is_drawn_once(screen, monkeypatch):
    """Else a long propagation would hold the window the longer the further it is."""
    from napari_samunet.plugin import layers

    drawn, outlined = [], layers.outlined
    monkeypatch.setattr(layers, "outlined", lambda mask: drawn.append(1) or outlined(mask))
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    drawn.clear()
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    assert len(screen.session.previews) == 6
    assert len(drawn) == 6


def test_a_stroke_in_another_plane_adds_to_what_is_carried_on_and_wipes_none_of_it(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    screen.viewer.dims.order = (1, 0, 2)
    screen.viewer.dims.set_point(1, 30)
    screen.settle()
    screen.controller.set_tool(Tool.PAINT)
    screen.drag((3, 60), (3, 64))
    screen.press(Qt.Key.Key_G)
    labels = screen.session.labels
    assert labels[3, 30, 62] == 1
    assert all(labels[z, 30, 40] == 1 for z in range(7))


def test_the_range_is_what_the_panel_says(screen):
    screen.click(30, 40)
    screen.widget.slices._first.setValue(3)
    screen.widget.slices._last.setValue(5)
    screen.widget.slices._propagate.click()
    _finished(screen)
    assert sorted(ref.index for ref in screen.session.previews) == [2, 3, 4]


def test_it_is_seen_while_it_runs_and_stops_when_asked(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    gate = screen.answers_one_by_one()
    screen.press(Qt.Key.Key_S, "shift")
    gate.release()
    screen.until(lambda: screen.controller.through.done == 1)
    assert screen.controller.work.shown.find("preview").data[2].any()
    assert screen.widget.slices._propagate.text() == "Stop"
    screen.press(Qt.Key.Key_S, "shift")
    gate.release(10)
    _finished(screen)
    assert len(screen.session.previews) == 2, "the one that was running is the last"


def test_what_was_found_is_on_the_disk_while_it_still_runs(screen, tmp_path, monkeypatch):
    """A crash in the middle of a long propagation costs its last seconds, not all of it."""
    monkeypatch.setattr(through, "NOTE_S", 0.0)
    screen.click(30, 40)
    gate = screen.answers_one_by_one()
    journal = screen.controller.keeping._kept[screen.controller.work].journal

    def kept() -> list[int]:
        assert journal.flush(10)
        story = read_story(journal.path)
        found = story.state if story.found is None else story.found
        return sorted(ref.index for _object, ref in found.planes)

    screen.press(Qt.Key.Key_S, "shift")
    gate.release(2)
    screen.until(lambda: screen.controller.through.done == 2)
    assert kept() == [1, 2, 3]
    crashed = shutil.copy(journal.path, tmp_path)
    screen.press(Qt.Key.Key_Backspace, "shift")
    assert kept() == [3], "what a person refused does not come back"
    gate.release(10)
    _finished(screen)
    screen.press(Qt.Key.Key_Z, "control")
    screen.controller.keeping.resume(screen.controller.work, Path(crashed))
    screen.until(lambda: len(screen.session.previews) == 3)
    assert "propagation was cut off" in screen.widget.status.text


def test_an_error_on_the_way_costs_nothing_of_what_was_found(screen):
    screen.click(30, 40)
    answer = screen.engine.predict

    def fails_on_the_first(volume, ref, *rest, **named):
        if ref.index == 0:
            raise RuntimeError("out of memory")
        return answer(volume, ref, *rest, **named)

    screen.engine.predict = fails_on_the_first
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    assert sorted(ref.index for ref in screen.session.previews) == [1, 2, 3]
    assert "Found before: 2 slices." in screen.widget.status.text
    screen.press(Qt.Key.Key_Z, "control")
    assert sorted(ref.index for ref in screen.session.previews) == [3]


def test_a_click_stops_it_because_a_person_comes_first(screen):
    screen.click(30, 40)
    gate = screen.answers_one_by_one()
    screen.press(Qt.Key.Key_S, "shift")
    screen.settle(0.1)
    screen.click(10, 10, wait=False)
    gate.release(20)
    _finished(screen)
    screen.answered()
    assert screen.session.previews[SliceRef(0, 3)].mask[10, 10]
    assert len(screen.session.previews) == 2, "what was found so far stays"
    assert screen.session.previews[SliceRef(0, 2)].mask[30, 40]
    screen.press(Qt.Key.Key_Z, "control")
    assert not screen.session.previews[SliceRef(0, 3)].mask[10, 10], "undo takes the click alone"
    assert len(screen.session.previews) == 2


def _carried_with_doubts(screen):
    """An object in preview on all slices, with doubts about the first and the last."""
    from napari_samunet.inference.painted import painted_prediction

    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    answer = screen.engine.predict

    def sees_half(volume, ref, *rest, **named):
        found = answer(volume, ref, *rest, **named)
        mask = found.mask.copy()
        mask[:30] = False
        return painted_prediction(mask) if ref.index in (0, 6) else found

    screen.engine.predict = sees_half
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)


def test_doubtful_slices_are_walked_through_and_a_correction_settles_one(screen):
    _carried_with_doubts(screen)
    assert screen.session.doubts == (SliceRef(0, 0), SliceRef(0, 6))
    seen = []
    for _ in range(3):
        screen.press(Qt.Key.Key_D, "shift")
        seen.append(screen.controller.shown_ref().index)
    assert seen == [6, 0, 6]
    screen.click(30, 44)
    assert screen.session.doubts == (SliceRef(0, 0),)


def test_doubtful_slices_that_are_right_are_worked_off_with_accept(screen):
    _carried_with_doubts(screen)
    screen.press(Qt.Key.Key_G)
    screen.settle(0.6)  # twice at once is once
    screen.press(Qt.Key.Key_N)
    assert screen.session.objects[0].doubts == (SliceRef(0, 0), SliceRef(0, 6))
    screen.controller.grouping.select(1)
    for left in (1, 0):
        screen.press(Qt.Key.Key_D, "shift")
        assert screen.widget.objects._accept.isEnabled()
        screen.controller.notice = ""
        screen.controller.changed.emit()
        screen.settle(0.1)
        assert "This slice is doubtful" in screen.widget.status.text
        screen.press(Qt.Key.Key_G)
        assert len(screen.session.doubts) == left
        assert screen.widget.status.text.startswith("Seen.")
    screen.press(Qt.Key.Key_Z, "control")
    assert len(screen.session.doubts) == 1


def test_accept_pressed_twice_at_once_takes_no_doubt_away(screen):
    _carried_with_doubts(screen)
    screen.press(Qt.Key.Key_D, "shift")
    for _ in range(2):
        screen.press(Qt.Key.Key_G)
    assert not screen.session.previews
    assert len(screen.session.doubts) == 2


@pytest.mark.parametrize("how", ["all masks", "this object"])
def test_nobody_says_of_a_mask_that_is_hidden_that_it_is_right(screen, how):
    _carried_with_doubts(screen)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_D, "shift")
    screen.settle(0.6)
    if how == "all masks":
        screen.press(Qt.Key.Key_H)
    else:
        screen.controller.step(lambda session: session.show_object(1, False))
    screen.settle(0.1)
    assert not screen.widget.objects._accept.isEnabled()
    screen.press(Qt.Key.Key_G)
    assert len(screen.session.doubts) == 2


def test_clicks_that_were_hidden_stay_hidden_when_the_object_is_carried_on(screen):
    screen.click(30, 40)
    points = screen.controller.work.shown.find("points")
    points.visible = False
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    assert not points.visible


def test_only_the_neighbourhood_of_a_correction_is_done_again(screen):
    for index in (0, 6):
        _go(screen, index)
        screen.click(30, 40)
        screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    screen.press(Qt.Key.Key_G)
    _go(screen, 3)
    screen.click(30, 50)
    screen.engine.calls.clear()
    screen.press(Qt.Key.Key_R, "shift")
    _finished(screen)
    assert {ref.index for ref, *_ in screen.engine.calls} == {1, 2, 4, 5}
    assert screen.session.previews[SliceRef(0, 3)].mask[30, 50]


def test_suggestions_are_taken_and_refused_with_keys_and_never_on_finished_labels(screen):
    screen.viewer.layers.clear()
    screen.add_image(np.random.default_rng(1).uniform(50, 90, (7, 60, 80)).astype(np.float32))
    screen.click(30, 40)
    screen.press(Qt.Key.Key_N)
    accepted = screen.session.labels[3].copy()
    screen.press(Qt.Key.Key_F, "shift")
    screen.until(lambda: not screen.controller.suggestions.running)
    suggestions = screen.controller.suggestions
    count = suggestions.shown
    assert count >= 2
    assert not any((mask & (accepted > 0)).sum() > 0.1 * mask.sum() for mask in suggestions._here())
    second = suggestions._here()[1]
    screen.press(Qt.Key.Key_Backspace, "shift")
    assert suggestions.shown == count - 1
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(screen.session.preview.mask, second)
    assert suggestions.shown == count - 2
    while suggestions.shown:  # each one that is taken settles the one before
        screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_G)
    assert not screen.session.previews
    assert len(screen.session.objects) == count  # the first one, and all but the refused one
    assert all(item.voxels for item in screen.session.objects)
    assert (screen.session.labels[3] == 2).any()


def test_a_suggestion_stays_where_a_lock_keeps_the_mask_before_it_from_being_accepted(screen):
    screen.viewer.layers.clear()
    screen.add_image(np.random.default_rng(1).uniform(50, 90, (7, 60, 80)).astype(np.float32))
    screen.click(30, 40)
    screen.press(Qt.Key.Key_F, "shift")
    suggestions = screen.controller.suggestions
    screen.until(lambda: not suggestions.running)
    screen.controller.grouping.lock(screen.session.current.id, True)
    count = suggestions.shown
    screen.press(Qt.Key.Key_G)
    assert "locked" in screen.widget.status.text
    assert suggestions.shown == count > 0


def test_suggestions_all_over_the_volume_are_walked_through_with_the_same_keys(screen):
    screen.viewer.layers.clear()
    screen.add_image(np.random.default_rng(1).uniform(50, 90, (7, 60, 80)).astype(np.float32))
    screen.press(Qt.Key.Key_F, "control+shift")
    suggestions = screen.controller.suggestions
    screen.until(lambda: not suggestions.running)
    first = screen.controller.shown_ref()
    assert len(suggestions._left) > 1
    for _ in range(suggestions.shown):
        screen.press(Qt.Key.Key_Backspace, "shift")
    assert screen.controller.shown_ref() != first
    assert suggestions.shown
    wanted = suggestions._here()[0]
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(screen.session.preview.mask, wanted)


def test_a_range_without_the_clicked_slice_is_named_as_the_reason(screen):
    screen.click(30, 40)
    answer = screen.engine.predict

    def ends_before_6(volume, ref, *rest, **named):
        from napari_samunet.inference.painted import painted_prediction

        found = answer(volume, ref, *rest, **named)
        return painted_prediction(np.zeros_like(found.mask)) if ref.index > 4 else found

    screen.engine.predict = ends_before_6
    screen.widget.slices._first.setValue(6)
    screen.press(Qt.Key.Key_S, "shift")
    _finished(screen)
    assert "Slice 4" in screen.widget.status.text
    assert "outside that range" in screen.widget.status.text
    screen.widget.slices._first.setValue(1)
    screen.controller.through.propagate(3, 6)
    screen.until(lambda: screen.controller.through.done == 1)
    _finished(screen)
    assert "outside" not in screen.widget.status.text
