"""The last session of an image is offered again: after a crash, kill -9, or just tomorrow."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_samunet.plugin import keeping as keeping_module
from napari_samunet.plugin.launch import continue_named
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.lock import is_held
from napari_samunet.session.session import Session
from napari_samunet.session.story import count_objects
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _work(screen):
    screen.click(30, 20)
    screen.press(Qt.Key.Key_N)
    screen.viewer.dims.set_point(0, 5)
    screen.settle()
    screen.click(30, 60)
    screen.click(20, 60, "right")


def _reopen(screen):
    """Close the panel and open it again, as if on another day."""
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.settle()
    screen.widget.close_session()
    screen.widget.deleteLater()
    image = screen.viewer.layers[0]
    for layer in list(screen.viewer.layers):
        if layer is not image:
            screen.viewer.layers.remove(layer)
    screen.viewer.dims.set_point(0, 0)
    screen.dock()


def _offer(screen):
    return screen.controller.keeping.offer_for(screen.controller.work)


def _journal(screen):
    return screen.controller.keeping._kept[screen.controller.work].journal


def test_the_last_session_is_offered_and_goes_on_where_it_stopped(screen):
    _work(screen)
    labels, preview = screen.session.labels.copy(), screen.session.preview.mask
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    assert screen.widget.last_session.isVisible()
    assert not screen.session.objects, "nothing comes back unasked"
    screen.widget.last_session._continue.click()
    screen.until(lambda: screen.session.objects)
    np.testing.assert_array_equal(screen.session.labels, labels)
    np.testing.assert_array_equal(screen.session.preview.mask, preview)
    assert len(screen.session.prompts) == 2
    assert screen.controller.shown_ref() == SliceRef(0, 5)
    assert not screen.widget.last_session.isVisible()
    for _ in range(5):
        screen.press(Qt.Key.Key_Z, "control")
    assert not screen.session.objects, "every step can still be undone"


def test_a_click_instead_of_an_answer_begins_afresh_and_keeps_the_old_file(screen):
    _work(screen)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.click(10, 10)
    assert _offer(screen) is None
    assert len(screen.session.objects) == 1
    _journal(screen).flush(10)
    assert len(screen.shelf.entries()) == 2


def test_a_stray_click_that_is_undone_takes_the_offer_away_only_until_then(screen):
    _work(screen)
    labels = screen.session.labels.copy()
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.click(10, 10)
    assert not screen.widget.last_session.isVisible()
    screen.press(Qt.Key.Key_Z, "control")
    assert screen.widget.last_session.isVisible()
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.objects)
    np.testing.assert_array_equal(screen.session.labels, labels)
    screen.press(Qt.Key.Key_G)
    labels = screen.session.labels.copy()
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.objects)
    np.testing.assert_array_equal(screen.session.labels, labels)


def test_the_day_after_a_stray_click_the_work_is_offered_and_not_the_click(screen):
    _work(screen)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.click(10, 10)
    screen.press(Qt.Key.Key_Z, "control")
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    assert ", 2 objects" in screen.widget.last_session._text.text()


def test_the_key_says_why_nothing_is_continued(screen):
    screen.until(lambda: screen.controller.keeping._kept[screen.controller.work].looked)
    screen.press(Qt.Key.Key_C, "shift")
    assert "No earlier session" in screen.widget.status.text
    _work(screen)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.click(10, 10)
    screen.press(Qt.Key.Key_C, "shift")
    assert "Undo what you began" in screen.widget.status.text
    assert len(screen.session.objects) == 1


def test_a_session_that_another_window_holds_is_told_of_and_goes_on_once_it_is_closed(screen):
    volume = screen.controller.work.volume
    elsewhere = Session(volume, screen.engine)
    journal = Journal(ImageIdentity(volume), screen.shelf.new_path)
    elsewhere.keep_journal(journal)
    elsewhere.add_point((30, 20), index=3)
    assert journal.flush(10)
    _reopen(screen)
    screen.until(lambda: screen.controller.keeping._kept[screen.controller.work].looked)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: "Another window works on this image" in screen.widget.status.text)
    journal.close()
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.preview is not None)
    assert screen.session.preview.mask[30, 20]


def test_a_full_disk_is_told_for_as_long_as_nothing_is_kept(screen, monkeypatch):
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        screen.click(30, 40)
        screen.until(lambda: "not being kept on the disk" in screen.widget.status.text)
        screen.press(Qt.Key.Key_G)
        screen.viewer.dims.set_point(0, 5)
        screen.settle()
        assert screen.widget.status.text.count("not being kept on the disk (No space left") == 1
    screen.click(20, 60)
    screen.until(lambda: "kept on the disk again" in screen.widget.status.text)
    screen.press(Qt.Key.Key_G)
    assert "the disk" not in screen.widget.status.text
    _journal(screen).close()
    assert count_objects(_journal(screen).path) == 1


def test_sessions_that_cannot_be_looked_for_are_not_said_to_be_none(screen, monkeypatch):
    def locked(*_arguments):
        raise PermissionError("the folder is locked")

    monkeypatch.setattr(screen.shelf, "last", locked)
    _reopen(screen)
    screen.until(lambda: screen.controller.keeping._kept[screen.controller.work].looked)
    screen.press(Qt.Key.Key_C, "shift")
    assert "the folder is locked" in screen.widget.status.text


@pytest.mark.parametrize("kind", ["journal", "saved"])
def test_a_click_while_a_named_session_is_read_is_not_thrown_away(
    screen, tmp_path, monkeypatch, kind
):
    """As with ``samunet resume FILE`` and a person who does not wait."""
    _work(screen)
    path = screen.session.save(tmp_path / "saved.npz")
    if kind == "journal":
        path = _journal(screen).path
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    ready = threading.Event()
    for name in ("read_story", "load_state"):
        read = getattr(keeping_module, name)
        monkeypatch.setattr(
            keeping_module, name, lambda *args, read=read: ready.wait(60) and read(*args)
        )
    keeping, work = screen.controller.keeping, screen.controller.work
    continue_named(keeping, work, path)
    screen.click(10, 10)
    ready.set()
    screen.until(lambda: "before anything is done" in screen.widget.status.text)
    assert len(screen.session.prompts) == 1
    screen.press(Qt.Key.Key_Z, "control")
    keeping.resume(work, path)
    screen.until(lambda: len(screen.session.objects) == 2)


def test_a_window_closes_all_its_images_on_a_full_disk(screen, monkeypatch):
    """One that cannot be written keeps no other one from being written."""
    screen.click(30, 20)
    _journal(screen).flush(10)
    full = _journal(screen)
    screen.controller.choose(screen.add_image(name="other", data=np.ones((7, 60, 80), np.float32)))
    screen.until(lambda: screen.controller.work is not None)
    screen.click(30, 20)
    other = _journal(screen)
    assert other is not full

    def no_room() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    full._file = SimpleNamespace(close=no_room)
    screen.controller.keeping.close()
    assert count_objects(other.path) == 1
    assert not is_held(other.path), "it is closed"


def test_the_key_continues_too(screen):
    _work(screen)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.objects)


def test_start_afresh_takes_the_offer_away(screen):
    _work(screen)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.widget.last_session._refuse.click()
    screen.settle(0.1)
    assert not screen.widget.last_session.isVisible()
    assert not screen.session.objects


def test_a_question_that_was_cut_off_is_asked_again(screen):
    screen.click(30, 20)
    screen.hold_model()
    screen.click(30, 50, wait=False)
    screen.settle(0.1)
    _journal(screen).flush(10)
    _old, screen.engine = screen.engine, type(screen.engine)()
    _reopen(screen)
    _old.go.set()
    screen.until(lambda: _offer(screen) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.preview is not None)
    screen.answered()
    assert screen.session.preview.mask[30, 50]


def test_other_voxels_are_not_offered_the_session_of_these(screen):
    _work(screen)
    screen.controller.work.image.data = np.ones((7, 60, 80), np.float32)
    screen.settle(0.2)
    assert _offer(screen) is None
    assert not screen.session.objects


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import napari
from conftest import Screen
from napari_samunet.session.shelf import Shelf
screen = Screen(napari.Viewer(), Shelf(Path({folder!r})))
screen.add_image(name="volume")
screen.dock()
screen.click(30, 20)
screen.click(30, 28)
screen.settle(1.0)
print("worked", flush=True)
while True:
    screen.settle(1)
"""


def test_kill_minus_nine_while_a_person_clicks(screen):
    code = KILLED.format(tests=str(Path(__file__).parent), folder=str(screen.shelf.folder))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"worked\n"
        os.kill(child.pid, signal.SIGKILL)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.preview is not None)
    assert len(screen.session.prompts) == 2
    assert screen.session.preview.mask[30, 20]
    assert screen.session.preview.mask[30, 28]
    assert screen.session.can_undo


def test_a_stroke_of_naparis_own_brush_is_a_step_that_is_kept_and_undone(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.click(30, 60)
    before, preview = screen.session.labels.copy(), screen.session.preview.mask.copy()
    labels = screen.controller.work.shown.find("labels")
    screen.viewer.layers.selection.active = labels
    labels.mode, labels.selected_label, labels.brush_size = "paint", 1, 4
    screen.drag((10, 10), (10, 30), wait=False)
    assert screen.session.undo_name == "paint labels"
    assert screen.session.labels[3, 10, 20] == 1
    np.testing.assert_array_equal(screen.session.preview.mask, preview)
    painted = screen.session.labels.copy()
    labels.mode = "pan_zoom"
    screen.press(Qt.Key.Key_Z, "control")
    np.testing.assert_array_equal(screen.session.labels, before)
    np.testing.assert_array_equal(labels.data, before)
    screen.press(Qt.Key.Key_Z, "control+shift")
    np.testing.assert_array_equal(labels.data, painted)
    _reopen(screen)
    screen.until(lambda: _offer(screen) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.objects)
    np.testing.assert_array_equal(screen.session.labels, painted)


def test_naparis_brush_leaves_a_locked_object_whole(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.press(Qt.Key.Key_K, "shift")
    labels = screen.controller.work.shown.find("labels")
    before = labels.data.copy()
    labels.data_setitem((np.array([3, 3]), np.array([30, 2]), np.array([40, 2])), 5)
    screen.settle()
    before[3, 2, 2] = 5
    np.testing.assert_array_equal(screen.session.labels, before)
    np.testing.assert_array_equal(labels.data, before)


def test_only_the_slices_of_a_stroke_are_compared_with_what_was_there(screen, monkeypatch):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    compared = []
    repaint = screen.session.repaint
    monkeypatch.setattr(
        screen.session,
        "repaint",
        lambda labels, indices, **rule: (
            compared.append(indices) or repaint(labels, indices, **rule)
        ),
    )
    labels = screen.controller.work.shown.find("labels")
    for z in (1, 5):
        labels.data_setitem((np.array([z]), np.array([2]), np.array([2])), 1)
    screen.settle()
    assert compared == [[1, 5]]
    assert screen.session.labels[[1, 5], 2, 2].tolist() == [1, 1]
