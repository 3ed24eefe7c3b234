"""Files are written one after the other, none is forgotten, and closing waits for them."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Timer

import nibabel
import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_samunet.io.open import open_volume
from napari_samunet.plugin.reader import layer_of


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


def test_what_other_programs_get_wrong_of_a_file_is_said_when_it_is_written(
    screen, tmp_path, monkeypatch
):
    from napari_samunet.session.handout import Handout

    monkeypatch.setattr(Handout, "note", lambda *_given: "the slices lie askew")
    _accepted(screen)
    screen.controller.sharing.export(tmp_path / "one.nii.gz")
    screen.until(lambda: "Written" in screen.widget.status.text)
    assert screen.widget.status.text.endswith("one.nii.gz; the slices lie askew")


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


def test_the_log_is_never_written_over_the_image(screen, tmp_path):
    path = tmp_path / "ct.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((80, 60, 7), np.int16), np.eye(4)), path)
    content = path.read_bytes()
    data, described, _ = layer_of(open_volume(path), "ct")
    screen.add_image(data, **described)
    screen.controller.grouping.save_log(path)
    assert path.read_bytes() == content
    assert "not written" in screen.controller.notice
    assert "is the image itself" in screen.controller.notice
    screen.controller.grouping.save_log(tmp_path / "log.csv")
    assert "label,name" in (tmp_path / "log.csv").read_text()


def test_a_log_that_the_disk_refuses_leaves_the_earlier_one(screen, tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    screen.controller.grouping.save_log(path)
    earlier = path.read_bytes()

    def full(*_named, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", lambda file, *_, **__: file.write_bytes(b"") or full())
    screen.controller.grouping.save_log(path)
    assert path.read_bytes() == earlier
    assert "No space left" in screen.controller.notice


def test_an_export_names_the_object_that_is_being_carried_on(screen, tmp_path):
    _accepted(screen)
    through = screen.controller.through

    def said(name: str) -> str:
        screen.controller.sharing.export(tmp_path / name)
        screen.until(lambda: name in screen.controller.notice)
        return screen.controller.notice

    gate = screen.answers_one_by_one()
    screen.press(Qt.Key.Key_S, "shift")
    assert said("a.nii.gz").endswith("not accepted yet: object 1 (0 slices so far)")
    gate.release()
    screen.until(lambda: through.done == 1)
    assert said("b.nii.gz").endswith("not accepted yet: object 1 (1 slice so far)")
    gate.release(10)
    screen.until(lambda: not through.running)
    assert said("c.nii.gz").endswith("not accepted yet: object 1 (6 slices)")


@pytest.mark.parametrize("end", ["deleted", "dropped"])
def test_an_export_names_nothing_of_what_is_carried_on_in_vain(screen, tmp_path, end):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.engine.go.clear()
    screen.press(Qt.Key.Key_S, "shift")
    if end == "deleted":
        screen.controller.grouping.delete([1])
    else:
        screen.press(Qt.Key.Key_Backspace, "shift")
    screen.controller.sharing.export(tmp_path / "a.nii.gz")
    screen.until(lambda: "a.nii.gz" in screen.controller.notice)
    assert screen.controller.notice.endswith("a.nii.gz")
    screen.engine.go.set()
    screen.until(lambda: not screen.controller.through.running)
