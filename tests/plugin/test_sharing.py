"""Files are written one after the other, none is forgotten, and closing waits for them."""

from __future__ import annotations

from threading import Event, Timer

import nibabel
import numpy as np
from qtpy.QtCore import Qt


def _accepted(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)


def _held_writer(monkeypatch) -> Event:
    """Writing waits until the event is set."""
    from napari_samunet.session.handout import Handout

    go, write = Event(), Handout.write

    def held(self, *arguments):
        assert go.wait(20)
        return write(self, *arguments)

    monkeypatch.setattr(Handout, "write", held)
    return go


def test_two_exports_one_after_the_other_are_both_written(screen, tmp_path, monkeypatch):
    _accepted(screen)
    go = _held_writer(monkeypatch)
    targets = [tmp_path / name for name in ("one.nii.gz", "two.nii.gz", "three.nii.gz")]
    for target in targets:
        screen.controller.sharing.export(target)
    assert screen.controller.is_busy
    go.set()
    screen.until(lambda: not screen.controller.is_busy)
    assert all(target.exists() for target in targets)


def test_a_failed_export_is_told_although_another_followed(screen, tmp_path, monkeypatch):
    _accepted(screen)
    said = []
    screen.controller.said.connect(said.append)
    go = _held_writer(monkeypatch)
    screen.controller.sharing.export(tmp_path / "no such folder" / "one.nii.gz")
    screen.controller.sharing.export(tmp_path / "two.nii.gz")
    go.set()
    screen.until(lambda: not screen.controller.is_busy)
    screen.settle()
    assert any("not written" in line for line in said)
    assert any("two.nii.gz" in line for line in said)


def test_an_export_does_not_wait_for_the_model(screen, tmp_path):
    _accepted(screen)
    screen.hold_model()
    screen.click(30, 60, wait=False)
    target = tmp_path / "labels.nii.gz"
    screen.controller.sharing.export(target)
    screen.until(target.exists)
    assert screen.controller.waiting
    screen.engine.go.set()


def test_closing_the_window_waits_for_what_is_being_written(screen, tmp_path, monkeypatch):
    _accepted(screen)
    labels = screen.session.labels.copy()
    go = _held_writer(monkeypatch)
    targets = [tmp_path / name for name in ("one.nii.gz", "two.nii.gz")]
    for target in targets:
        screen.controller.sharing.export(target)
    Timer(0.3, go.set).start()
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.settle()
    screen.widget.close_session()
    for target in targets:
        np.testing.assert_array_equal(np.asarray(nibabel.load(target).dataobj).T, labels)
