"""The table of objects and everything that is done with whole objects, as a person does it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

pytestmark = pytest.mark.viewer


def _objects(screen, *places):
    for place in places:
        screen.click(*place)
        screen.press(Qt.Key.Key_N)
    screen.until(lambda: screen.widget.objects.table.rowCount() >= len(places))


def _cell(screen, row, column) -> QPoint:
    table = screen.widget.objects.table
    return table.visualItemRect(table.item(row, column)).center()


def _press_cell(screen, row, column, held=Qt.KeyboardModifier.NoModifier):
    table = screen.widget.objects.table
    place = _cell(screen, row, column)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, held, place)
    screen.settle(0.1)


def test_the_table_tells_slices_and_millilitres(screen):
    screen.add_image(units=("mm",) * 3)
    _objects(screen, (30, 20), (30, 60))
    table = screen.widget.objects.table
    voxels = (screen.session.labels == 1).sum()
    assert table.item(0, 3).text() == "1"
    assert table.item(0, 4).text() == f"{voxels / 1000:.1f}"


def test_a_click_in_the_table_goes_back_to_an_object_with_its_prompts(screen):
    _objects(screen, (30, 20), (30, 60))
    _press_cell(screen, 0, 0)
    assert screen.session.current.id == 1
    points = screen.controller.work.shown.find("points").data
    np.testing.assert_array_equal(points[:, 1:], [(30, 20)])
    screen.click(30, 28)
    screen.press(Qt.Key.Key_G)
    assert screen.session.labels[3, 30, 28] == 1
    assert screen.session.labels[3, 30, 60] == 2


def test_a_locked_object_is_not_painted_over(screen):
    _objects(screen, (30, 30))
    whole = (screen.session.labels == 1).sum()
    _press_cell(screen, 0, 1)
    assert screen.session.objects[0].locked
    screen.widget.objects._overlap.setCurrentIndex(1)
    screen.widget.objects._overlap.activated.emit(1)
    screen.click(30, 36)
    assert "pixels lie in 'object 1'" in screen.widget.status.text
    screen.press(Qt.Key.Key_G)
    assert (screen.session.labels == 1).sum() == whole
    screen.press(Qt.Key.Key_Z, "control")
    screen.press(Qt.Key.Key_Z, "control")


def test_keep_is_the_rule_until_another_is_chosen(screen):
    _objects(screen, (30, 30))
    whole = (screen.session.labels == 1).sum()
    screen.click(30, 36)
    screen.press(Qt.Key.Key_G)
    assert (screen.session.labels == 1).sum() == whole
    assert not (screen.session.objects[0].mask & screen.session.objects[1].mask).any()


def test_a_hidden_object_is_not_seen_but_stays_in_the_labels(screen):
    _objects(screen, (30, 30))
    _press_cell(screen, 0, 2)
    assert not screen.session.objects[0].visible
    colors = screen.controller.work.shown.find("labels").colormap.color_dict
    assert colors[1][3] == 0
    assert (screen.session.labels == 1).any()
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.controller.work.shown.find("labels").colormap.color_dict[1][3] == 1


def test_marked_objects_are_merged_and_undo_parts_them(screen):
    _objects(screen, (30, 20), (30, 60))
    _press_cell(screen, 0, 0)
    _press_cell(screen, 1, 0, Qt.KeyboardModifier.ControlModifier)
    assert screen.widget.objects._merge.isEnabled()
    screen.widget.objects._merge.trigger()
    screen.settle()
    assert screen.session.labels[3, 30, 60] == screen.session.labels[3, 30, 20] == 1
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.session.labels[3, 30, 60] == 2


def test_the_object_under_the_mouse_is_picked(screen):
    _objects(screen, (30, 20), (30, 60))
    screen.hover(30, 20)
    screen.press(Qt.Key.Key_N, "shift")
    assert screen.session.current.id == 1
    screen.hover(5, 5)
    screen.press(Qt.Key.Key_N, "shift")
    assert "no accepted object" in screen.widget.status.text
    assert screen.session.current.id == 1


def test_a_list_of_names_is_worked_through_with_the_next_key(screen):
    screen.widget.objects.preset_requested.emit("abdomen")
    screen.settle()
    assert screen.session.current.name == "liver"
    screen.click(30, 20)
    screen.press(Qt.Key.Key_N)
    assert screen.session.current.name == "spleen"
    screen.click(30, 60)
    screen.press(Qt.Key.Key_G)
    assert set(np.unique(screen.session.labels)) == {0, 1, 2}


def test_names_come_from_files_of_other_programs_too(screen, tmp_path):
    described = tmp_path / "labels.txt"
    described.write_text('# ITK-SnAP\n0 0 0 0 0 0 0 "Clear Label"\n1 255 0 0 1 1 1 "caudate"\n')
    screen.controller.grouping.use_file(described)
    assert [(item.name, item.color) for item in screen.session.objects] == [("caudate", (1, 0, 0))]
    screen.controller.grouping.use_file(tmp_path / "nothing.txt")
    assert "list of names" in screen.widget.status.text or "cannot be read" in (
        screen.controller.notice
    )


def test_every_control_has_a_tooltip_and_a_name_for_screen_readers(screen):
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QSpinBox

    for kind in (QAbstractButton, QComboBox, QSpinBox):
        for control in screen.widget.findChildren(kind):
            inner = control.objectName().startswith("qt_") or "ScrollBar" in type(control).__name__
            table = control.parentWidget() is screen.widget.objects.table
            if inner or table or control.isHidden():
                continue
            inside = type(control.parentWidget()).__name__
            assert control.toolTip(), (inside, getattr(control, "text", str)())
            assert control.accessibleName(), (inside, getattr(control, "text", str)())


def test_one_key_shows_all_keys(screen):
    from napari_samunet.plugin.keys import KEYS

    screen.press(Qt.Key.Key_F1)
    shown = screen.widget._key_list
    assert shown.isVisible()
    text = shown.findChildren(type(screen.widget.status._text))[0].text()
    assert all(key.shown in text for key in KEYS.values())
    screen.press(Qt.Key.Key_F1)
    assert not shown.isVisible()
