"""The table under mouse and keys: what is highlighted is what is worked on, and names stay."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.panels.object_table import ObjectRow, ObjectTable

pytestmark = pytest.mark.viewer

_NAME, _LOCK, _SHOW = 0, 1, 2


def _type(screen, key):
    """Press a key where the keyboard is."""
    QTest.keyClick(QApplication.focusWidget(), key)
    screen.settle(0.1)


def _highlighted(screen):
    table = screen.widget.objects.table
    return {index.row() for index in table.selectedIndexes()}


def test_a_key_after_a_click_in_the_table_is_a_key_of_the_plugin_and_no_new_name(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(1, _NAME)
    _type(screen, Qt.Key.Key_W)
    assert screen.controller.prompting.tool is Tool.BOX
    screen.drag((10, 50), (18, 58))
    screen.click_cell(1, _NAME)
    _type(screen, Qt.Key.Key_G)
    assert screen.session.labels[3, 14, 54] == 2
    assert [item.name for item in screen.session.objects][:2] == ["object 1", "object 2"]


def test_left_and_right_change_the_slice_after_a_click_in_the_table(screen):
    screen.objects((30, 20))
    screen.viewer.dims.set_current_step(0, 3)
    screen.click_cell(0, _NAME)
    _type(screen, Qt.Key.Key_Right)
    assert screen.viewer.dims.current_step[0] == 4


def test_a_double_click_and_f2_still_rename(screen):
    screen.objects((30, 20))
    table = screen.widget.objects.table
    screen.click_cell(0, _NAME)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=screen.cell(0, _NAME))
    QTest.keyClicks(QApplication.focusWidget(), "gwn")
    _type(screen, Qt.Key.Key_Return)
    assert screen.session.objects[0].name == "gwn"
    _type(screen, Qt.Key.Key_F2)
    QTest.keyClicks(QApplication.focusWidget(), "liver")
    _type(screen, Qt.Key.Key_Return)
    assert screen.session.objects[0].name == "liver"


def test_a_new_name_is_also_what_the_tip_and_a_screen_reader_say(screen):
    screen.objects((30, 20), (30, 60))
    table = screen.widget.objects.table
    table.item(0, _NAME).setText("liver")
    screen.settle(0.1)
    assert "liver" in table.item(0, _NAME).toolTip()
    for column in (1, 2):
        spoken = table.item(0, column).data(Qt.ItemDataRole.AccessibleTextRole)
        assert spoken.endswith("liver")


def test_a_name_that_is_emptied_stays(screen):
    screen.objects((30, 20))
    table = screen.widget.objects.table
    name = table.item(0, _NAME).text()
    table.item(0, _NAME).setText(" ")
    screen.settle(0.1)
    assert table.item(0, _NAME).text() == name == screen.session.objects[0].name


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_leaves_the_table_behind_the_ticks_of_a_row(screen, key):
    screen.objects((30, 20), (30, 60))
    table = screen.widget.objects.table
    table.setFocus()
    for _ in range(3):
        _type(screen, key)
    assert QApplication.focusWidget() not in (table, table.viewport())


def test_a_tick_turns_wherever_its_cell_is_clicked_and_the_current_object_stays(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(1, _NAME)
    for column in (_LOCK, _SHOW):
        screen.click_cell(0, column)
    assert screen.session.objects[0].locked
    assert not screen.session.objects[0].visible
    assert screen.session.current.id == 2
    assert _highlighted(screen) == {1}
    screen.click_cell(0, _SHOW)
    assert screen.session.objects[0].visible


def test_a_tick_is_reached_and_turned_without_a_mouse(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(0, _NAME)
    _type(screen, Qt.Key.Key_Tab)
    _type(screen, Qt.Key.Key_Space)
    assert screen.session.objects[0].locked
    _type(screen, Qt.Key.Key_Down)
    assert screen.session.current.id == 2
    _type(screen, Qt.Key.Key_Space)
    assert [item.locked for item in screen.session.objects][:2] == [True, True]


def test_delete_removes_what_is_highlighted_after_a_tick_of_another_object(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(1, _NAME)
    screen.click_cell(0, _SHOW)
    screen.widget.objects._delete.click()
    screen.settle(0.1)
    assert 1 in [item.id for item in screen.session.objects]
    assert 2 not in [item.id for item in screen.session.objects]


def test_the_right_button_and_the_arrow_keys_change_the_current_object_with_the_highlight(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(0, _NAME, "right")
    assert screen.session.current.id == 1
    _type(screen, Qt.Key.Key_Down)
    assert screen.session.current.id == 2
    assert _highlighted(screen) == {1}


def test_the_highlight_never_leaves_the_current_object(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(1, _NAME)
    screen.click_cell(1, _NAME, modifier="control")
    assert _highlighted(screen) == {1}
    table = screen.widget.objects.table
    below = QPoint(20, table.viewport().height() - 2)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=below)
    screen.settle(0.1)
    assert _highlighted(screen) == {1}


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_the_delete_key_in_the_table_removes_the_object_as_the_button_does(screen, key):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(0, _NAME)
    QTest.keyClick(QApplication.focusWidget(), key, Qt.KeyboardModifier.ShiftModifier)
    screen.settle(0.1)
    assert 1 in [item.id for item in screen.session.objects], "with Shift it discards"
    _type(screen, key)
    assert 1 not in [item.id for item in screen.session.objects]
    assert "under the mouse" not in screen.widget.status.text
    screen.press(Qt.Key.Key_Z, "control")
    assert 1 in [item.id for item in screen.session.objects]


def test_names_that_are_there_already_are_not_added_again(screen):
    adding = screen.controller.grouping
    adding.use_preset("abdomen")
    adding.use_preset("thorax")
    names = [item.name for item in screen.session.objects]
    assert len(names) == len(set(names))
    assert "there already" in screen.controller.notice
    adding.use_preset("abdomen")
    assert [item.name for item in screen.session.objects] == names


def test_the_line_says_which_numbers_of_a_list_were_taken(screen):
    screen.objects((30, 20), (30, 60))
    screen.controller.grouping.rename(2, "cyst")
    screen.controller.grouping.use_preset("tumours")
    names = {item.name: item.id for item in screen.session.objects}
    drawn, free = {"object 1": 1, "cyst": 2}, {"metastasis": 3, "tumor": 4, "lymph node": 5}
    assert names == {**drawn, **free}
    assert screen.controller.notice.startswith("Numbers changed: 1 → 4, 2 → 5; Named by number: 3")


def test_a_name_that_a_file_lists_twice_is_added_once(screen, tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("liver\nspleen\nliver\n")
    screen.controller.grouping.use_file(path)
    assert [item.name for item in screen.session.objects] == ["liver", "spleen"]


def _rows(count):
    return [ObjectRow(n, f"object {n}", (1, 0, 0), 1, 1.0) for n in range(1, count + 1)]


def _seen_rows(table) -> int:
    return table.height() // table.rowHeight(0) - 1


def test_the_table_grows_with_its_objects_up_to_a_bound(qtbot):
    table = ObjectTable()
    qtbot.addWidget(table)
    table.show_rows(_rows(6), 1)
    assert _seen_rows(table) == 6
    table.show_rows(_rows(37), 1)
    assert 8 <= _seen_rows(table) <= 10


def test_a_long_list_stays_where_it_was_scrolled_when_a_tick_is_set(qtbot):
    table = ObjectTable()
    qtbot.addWidget(table)
    table.show()
    rows = _rows(37)
    table.show_rows(rows, 1)
    table.scrollToBottom()
    place = table.verticalScrollBar().value()
    tick = table.visualItemRect(table.item(35, _SHOW)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=tick)
    rows[35] = ObjectRow(36, "object 36", (1, 0, 0), 1, 1.0, visible=False)
    table.show_rows(rows, 1)
    assert table.verticalScrollBar().value() == place


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_an_empty_tick_box_stands_out_from_its_row(screen, theme):
    screen.objects((30, 20), (30, 60))
    screen.viewer.theme = theme
    try:
        screen.settle(0.2)
        table = screen.widget.objects.table
        picture = table.viewport().grab().toImage()
        for row in (0, 1):
            cell = table.visualItemRect(table.item(row, _LOCK)).adjusted(2, 2, -2, -2)
            ratio = picture.devicePixelRatio()
            grays = [
                picture.pixelColor(round(x * ratio), round(y * ratio)).lightness()
                for x in range(cell.left(), cell.right())
                for y in range(cell.top(), cell.bottom())
            ]
            assert max(grays) - min(grays) > 40
    finally:
        screen.viewer.theme = "dark"


@pytest.mark.parametrize("name", ["<h2>Verified</h2> <img src='x.png'>", "a &lt; b", "liver & co"])
def test_a_name_that_looks_like_html_is_read_letter_by_letter(screen, name):
    """A file may call an object anything; Qt would show it a picture, or a heading."""
    table = ObjectTable()
    table.show_rows([ObjectRow(1, name, (1, 0, 0), 0, None)], 1)
    tip = table.item(0, 0).toolTip()
    shown = QTextDocument()
    shown.setHtml(tip if "<" in tip or "&lt;" in tip else tip.replace("&", "&amp;"))
    assert shown.toPlainText() == f"Label 1: {name}"
