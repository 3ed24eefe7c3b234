"""The keyboard after the panel was used: every key does what it does over the image."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit

from napari_samunet.plugin.gestures import Tool

pytestmark = pytest.mark.viewer


def _type(screen, *pressed):
    """Press keys where the keyboard is."""
    for key in pressed:
        QTest.keyClick(QApplication.focusWidget(), key)
        screen.settle(0.1)


def _click(screen, control, place=None):
    QTest.mouseClick(control, Qt.MouseButton.LeftButton, pos=place or control.rect().center())
    screen.settle(0.1)


def test_w_chooses_the_box_after_a_number_was_entered(screen):
    spin = screen.widget.slices._first
    text = spin.findChild(QLineEdit)
    _click(screen, text)
    text.selectAll()
    _type(screen, Qt.Key.Key_2)
    assert QApplication.focusWidget() in (spin, text)
    _type(screen, Qt.Key.Key_Return, Qt.Key.Key_W)
    assert spin.value() == 2
    assert screen.controller.prompting.tool is Tool.BOX


def test_w_chooses_the_box_after_the_arrows_of_a_number_were_clicked(screen):
    spin = screen.widget.slices._first
    before = spin.value()
    _click(screen, spin, QPoint(spin.width() - 4, spin.height() // 2))
    assert spin.value() == before + 1
    _type(screen, Qt.Key.Key_W)
    assert screen.controller.prompting.tool is Tool.BOX


def test_w_chooses_the_box_after_a_window_was_chosen(screen):
    windows = screen.widget.image._windows
    _click(screen, windows)
    _type(screen, Qt.Key.Key_Down, Qt.Key.Key_Return)
    screen.until(lambda: not windows.view().isVisible())
    _type(screen, Qt.Key.Key_W)
    assert screen.controller.prompting.tool is Tool.BOX


def test_left_and_right_change_the_slice_after_a_button(screen):
    screen.viewer.dims.set_current_step(0, 3)
    _click(screen, screen.widget.prompts._tools[Tool.BOX])
    _type(screen, Qt.Key.Key_Right)
    assert screen.viewer.dims.current_step[0] == 4


def test_space_after_accept_begins_no_object(screen):
    screen.click(30, 20)
    screen.until(screen.widget.objects._accept.isEnabled)
    _click(screen, screen.widget.objects._accept)
    _type(screen, Qt.Key.Key_Space)
    assert len(screen.session.objects) == 1


def test_a_button_that_was_reached_with_tab_keeps_the_keyboard(screen):
    made = screen.widget.prompts._tools[Tool.LASSO]
    made.setFocus(Qt.FocusReason.TabFocusReason)
    _type(screen, Qt.Key.Key_Space)
    assert screen.controller.prompting.tool is Tool.LASSO
    assert made.hasFocus()
    assert made.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_name_that_is_being_written_is_taken_when_a_button_is_clicked(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_G)
    table = screen.widget.objects.table
    screen.until(lambda: table.rowCount() == 1)
    table.setFocus()
    _type(screen, Qt.Key.Key_F2)
    QTest.keyClicks(QApplication.focusWidget(), "liver")
    _click(screen, screen.widget.objects._next)
    assert screen.session.objects[0].name == "liver"


def test_one_key_leads_from_the_image_to_the_panel_and_back(screen):
    screen.canvas.setFocus()
    _type(screen, Qt.Key.Key_F6)
    first = QApplication.focusWidget()
    assert screen.widget.isAncestorOf(first)
    assert first.isEnabled()
    _type(screen, Qt.Key.Key_Tab)
    second = QApplication.focusWidget()
    assert second is not first
    assert screen.widget.isAncestorOf(second)
    _type(screen, Qt.Key.Key_F6)
    assert QApplication.focusWidget() is screen.canvas


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_frame_shows_where_the_keyboard_is_and_moves_nothing(screen, theme):
    widget = screen.widget
    screen.viewer.theme = theme
    screen.settle(0.2)
    for control in (
        widget.image._heading,
        widget.image._windows,
        widget.prompts._tools[Tool.LASSO],
        widget.objects.table,
        widget.slices._first,
    ):
        screen.canvas.setFocus()
        screen.settle(0.1)
        before, size = widget.grab().toImage(), control.sizeHint()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        screen.settle(0.1)
        assert widget.grab().toImage() != before, control
        assert control.sizeHint() == size
    screen.viewer.theme = "dark"
