"""The line at the top tells what happens now and what to do: also while an object is carried on."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_samunet.plugin.gestures import Tool

pytestmark = pytest.mark.viewer


def _carry_on(screen):
    """Carry an accepted object on, with a model that is held."""
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.controller.grouping.rename(1, "liver")
    screen.hold_model()
    screen.press(Qt.Key.Key_S, "shift")
    screen.settle(0.1)


def test_it_says_that_an_object_is_carried_on_and_which_keys_end_it(screen):
    screen.controller.say("Window: default.")
    _carry_on(screen)
    line = screen.widget.status.text
    assert "'liver'" in line
    assert "0 of at most 6" in line, "what was settled is not asked for"
    assert "[Shift+S]" in line
    assert "[G]" in line
    QTest.keyClick(screen.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    screen.settle(0.1)
    assert "stops after this slice" in screen.widget.status.text
    screen.carried()
    assert "Stopped: 1 slices" in screen.widget.status.text


def test_slices_that_wait_elsewhere_are_counted_where_none_is_seen(screen):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.widget.slices._first.setValue(3)
    screen.widget.slices._last.setValue(5)
    screen.press(Qt.Key.Key_S, "shift")
    screen.carried()
    screen.viewer.dims.set_point(0, 6)
    screen.settle(0.1)
    assert screen.widget.status.text == "2 slices of 'object 1' wait: Accept [G]."


def test_what_was_found_so_far_is_kept_by_a_click_on_accept_as_the_line_says(screen):
    _carry_on(screen)
    accept = screen.widget.objects._accept
    assert accept.isEnabled()
    QTest.mouseClick(accept, Qt.MouseButton.LeftButton)
    screen.carried()
    assert not screen.session.previews
    assert len(screen.session.current.slices) == 2


def test_what_runs_can_be_stopped_out_of_3_d(screen):
    _carry_on(screen)
    screen.viewer.dims.ndisplay = 3
    screen.settle(0.1)
    assert "Propagating" in screen.widget.status.text
    assert screen.widget.slices._propagate.isEnabled()
    screen.widget.slices._propagate.click()
    assert screen.controller.through.stopping
    screen.carried()
    assert len(screen.session.previews) == 1


def test_it_says_that_masks_are_hidden_and_which_key_shows_them(screen):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_H)
    assert "Accept" not in screen.widget.status.text, "who sees no mask cannot judge it"
    screen.press(Qt.Key.Key_H)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_H)
    assert screen.widget.status.text == "Masks are hidden: [H] shows them."
    screen.click(45, 60)
    line = screen.widget.status.text
    assert "Some masks are hidden" in line, "the labels are"
    assert "Accept" in line
    screen.press(Qt.Key.Key_H)
    assert "hidden" not in screen.widget.status.text


def test_who_accepts_into_an_object_that_is_not_shown_is_told(screen):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.controller.grouping.rename(1, "liver")
    screen.controller.grouping.show(1, False)
    screen.click(20, 30)
    screen.press(Qt.Key.Key_G)
    assert screen.widget.status.text.startswith("'liver' is hidden: tick Show")
    screen.controller.grouping.show(1, True)
    screen.settle()
    assert "in the labels" in screen.widget.status.text


def test_the_next_object_of_a_list_is_called_by_its_name(screen):
    screen.controller.step(lambda session: session.new_object("spleen"))
    screen.settle()
    assert screen.widget.status.text == "Click on 'spleen' to outline it."
    screen.press(Qt.Key.Key_W)
    assert "around 'spleen'" in screen.widget.status.text
    screen.press(Qt.Key.Key_Q)
    screen.controller.step(lambda session: session.new_object())
    screen.settle()
    assert screen.widget.status.text == "Click on the object that you want to outline."


def test_who_paints_over_a_neighbour_is_told_what_becomes_of_it(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_N)
    screen.controller.set_tool(Tool.PAINT)
    screen.drag((30, 30), (30, 45))
    screen.until(lambda: "pixels lie in 'object 1'" in screen.widget.status.text)


def test_a_name_that_looks_like_html_is_read_letter_by_letter(screen):
    name = "<img src='x.png'><h2>Verified</h2>"
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    screen.controller.grouping.rename(1, name)
    screen.controller.grouping.lock_current()
    screen.settle(0.1)
    assert name in screen.widget.status.text
    labels = screen.widget.status.findChildren(QLabel)
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


def test_two_lines_of_words_move_nothing_below_them(screen):
    screen.settle(0.1)
    panel = screen.widget.status
    heights = []
    usual = "Left click what is missing, right click what is too much. Good? Accept [G]."
    for text in ("One line.", usual):
        panel.set_text(text)
        screen.settle(0.1)
        heights.append(panel.height())
    assert heights[0] == heights[1]


@pytest.fixture
def laptop(screen):
    """A small laptop's window, and how wide the panel is at least."""
    window, dock = screen.viewer.window, screen.widget.parentWidget()
    window.resize(1366, 768)
    screen.settle(0.2)
    return lambda: (window._qt_window.width(), dock.width(), dock.minimumWidth())


def test_a_long_name_makes_nothing_wider_and_is_read_to_its_end(screen, laptop):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    before, line = laptop(), screen.widget.status._text
    for name in ("N" * 200, "left_upper_lobe_posterior_segment_consolidation_reader_2"):
        screen.controller.grouping.rename(1, name)
        screen.settle(0.2)
        assert laptop() == before
        assert name in screen.widget.status.text
        assert name in line.accessibleName(), "a screen reader says it unbroken"
        assert line.minimumSizeHint().width() <= line.width(), "nothing of it is cut off"
        assert line.height() >= line.heightForWidth(line.width())
    screen.controller.grouping.rename(1, "liver")
    screen.settle(0.2)
    assert laptop() == before
    assert not line.accessibleName(), "else a screen reader would say the name of before"


def test_an_export_to_a_long_path_makes_nothing_wider(screen, laptop, tmp_path):
    screen.click(20, 20)
    screen.press(Qt.Key.Key_G)
    before = laptop()
    folder = tmp_path / "1.2.840.113619.2.55.3.604688119.971.1448371234.467"
    folder.mkdir()
    target = folder / f"{'SUBJECT0012' * 9}.nii.gz"
    screen.controller.sharing.export(target)
    screen.until(lambda: "Written" in screen.widget.status.text)
    assert str(target) in screen.widget.status.text
    assert laptop() == before
    screen.viewer.dims.set_point(0, 5)
    screen.settle(0.2)
    assert laptop() == before
