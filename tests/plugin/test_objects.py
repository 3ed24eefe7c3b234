"""The table of objects and everything that is done with whole objects, as a person does it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

pytestmark = pytest.mark.viewer


def test_the_table_tells_slices_and_millilitres(screen):
    screen.add_image(units=("mm",) * 3)
    screen.objects((30, 20), (30, 60))
    table = screen.widget.objects.table
    voxels = (screen.session.labels == 1).sum()
    assert table.item(0, 3).text() == "1"
    assert table.item(0, 4).text() == f"{voxels / 1000:.1f}"


def test_a_click_in_the_table_goes_back_to_an_object_with_its_prompts(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(0, 0)
    assert screen.session.current.id == 1
    points = screen.controller.work.shown.find("points").data
    np.testing.assert_array_equal(points[:, 1:], [(30, 20)])
    screen.click(30, 28)
    screen.press(Qt.Key.Key_G)
    assert screen.session.labels[3, 30, 28] == 1
    assert screen.session.labels[3, 30, 60] == 2


def test_a_locked_object_is_not_painted_over(screen):
    screen.objects((30, 30))
    whole = (screen.session.labels == 1).sum()
    screen.click_cell(0, 1)
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
    screen.objects((30, 30))
    whole = (screen.session.labels == 1).sum()
    screen.click(30, 36)
    screen.press(Qt.Key.Key_G)
    assert (screen.session.labels == 1).sum() == whole
    assert not (screen.session.objects[0].mask & screen.session.objects[1].mask).any()


def test_a_hidden_object_is_not_seen_but_stays_in_the_labels(screen):
    screen.objects((30, 30))
    screen.click_cell(0, 2)
    assert not screen.session.objects[0].visible
    colors = screen.controller.work.shown.find("labels").colormap.color_dict
    assert colors[1][3] == 0
    assert (screen.session.labels == 1).any()
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.controller.work.shown.find("labels").colormap.color_dict[1][3] == 1


def test_marked_objects_are_merged_and_undo_parts_them(screen):
    screen.objects((30, 20), (30, 60))
    screen.click_cell(0, 0)
    screen.click_cell(1, 0, modifier="control")
    assert screen.widget.objects._merge.isEnabled()
    screen.widget.objects._merge.trigger()
    screen.settle()
    assert screen.session.labels[3, 30, 60] == screen.session.labels[3, 30, 20] == 1
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.session.labels[3, 30, 60] == 2


def test_marked_objects_are_deleted_together_and_one_undo_brings_them_back(screen):
    screen.objects((30, 10), (30, 35), (30, 60))
    screen.click_cell(0, 0)
    screen.click_cell(2, 0, modifier="control")
    QTest.keyClick(screen.widget.objects.table, Qt.Key.Key_Delete)
    screen.settle(0.1)
    assert [item.id for item in screen.session.objects if item.voxels] == [2]
    screen.press(Qt.Key.Key_Z, "control")
    assert [item.id for item in screen.session.objects if item.voxels] == [1, 2, 3]


def test_holes_of_all_marked_objects_are_filled_but_islands_split_off_one_only(screen):
    rings = []
    for left in (5, 45):
        ring = np.zeros((60, 80), bool)
        ring[20:40, left : left + 20] = True
        ring[25:35, left + 5 : left + 15] = False
        screen.session.new_object()
        screen.session.paint(ring, index=3)
        rings.append(screen.session.accept())
    screen.settle(0.1)
    panel = screen.widget.objects
    screen.click_cell(0, 0)
    assert panel._split.isEnabled()
    screen.click_cell(1, 0, modifier="control")
    assert not panel._split.isEnabled()
    assert "mark this one alone" in panel._split.toolTip()
    panel._fill.trigger()
    screen.settle(0.1)
    assert [ring.voxels for ring in rings] == [400, 400]
    screen.press(Qt.Key.Key_Z, "control")
    assert [ring.voxels for ring in rings] == [300, 300]


def test_the_object_under_the_mouse_is_picked(screen):
    screen.objects((30, 20), (30, 60))
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
            named = control.accessibleName() or getattr(control, "text", str)()
            assert named, inside


def test_a_screen_reader_says_what_the_panel_says_now(screen):
    # Qt gives it the text of a label or button that has no other name, and tells when it changes.
    assert not [
        label.text() for label in screen.widget.findChildren(QLabel) if label.accessibleName()
    ]
    slices, prompts = screen.widget.slices, screen.widget.prompts
    for turning in (slices._propagate, slices._doubt, prompts._suggest):
        assert not turning.accessibleName()


def test_the_list_of_keys_is_never_larger_than_the_screen(screen, monkeypatch):
    from qtpy.QtCore import QSize
    from qtpy.QtWidgets import QScrollArea

    screen.press(Qt.Key.Key_F1)
    shown = screen.widget._key_list
    bar = shown.findChild(QScrollArea).verticalScrollBar()
    assert bar.maximum() == 0, "all keys at one look"
    screen.press(Qt.Key.Key_F1)
    small = type("Screen", (), {"availableSize": lambda _self: QSize(911, 512)})()
    monkeypatch.setattr(shown, "screen", lambda: small, raising=False)
    screen.press(Qt.Key.Key_F1)
    assert shown.height() < 512
    assert bar.maximum() > 0
    screen.press(Qt.Key.Key_F1)


def test_one_key_shows_all_keys(screen):
    from napari_samunet.plugin.keys import KEYS

    screen.press(Qt.Key.Key_F1)
    shown = screen.widget._key_list
    assert shown.isVisible()
    text = shown.findChildren(QLabel)[0].text()
    assert all(key.shown in text for key in KEYS.values())
    screen.press(Qt.Key.Key_F1)
    assert not shown.isVisible()
