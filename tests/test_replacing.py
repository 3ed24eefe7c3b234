"""A file is written as a whole or not at all, and is its owner's alone."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import BinaryIO

import pytest
from held_files import hold_files

from napari_samunet import replacing as replacing_module
from napari_samunet.replacing import DRAFT_PREFIX, DRAFT_SUFFIX, replacing


def _begin(file: BinaryIO) -> None:
    file.write(b"n")
    raise KeyboardInterrupt


def _write(folder: Path, lasting: bool = True) -> None:
    with replacing(folder / "another", lasting) as file:
        file.write(b"whole")


def _write_long_after(folder: Path) -> None:
    (draft,) = folder.iterdir()
    os.utime(draft, (1e9, 1e9))
    _write(folder)


@pytest.mark.parametrize("lasting", [True, False])
def test_what_was_written_takes_the_place_at_the_end(tmp_path, lasting):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with replacing(path, lasting) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
        assert len(list(tmp_path.glob(f"{DRAFT_PREFIX}*{DRAFT_SUFFIX}"))) == 1
    assert path.read_bytes() == b"new"
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_draft_is_known_for_one_while_it_is_written(tmp_path):
    """Or it would stay for good where the program is killed."""
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "kept"):
        _write_long_after(tmp_path)


def test_an_error_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        _begin(file)
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("lasting", [True, False])
def test_what_another_program_holds_for_a_moment_is_replaced_all_the_same(
    tmp_path, monkeypatch, lasting
):
    (tmp_path / "another").write_bytes(b"old")
    hold_files(monkeypatch, 3)
    _write(tmp_path, lasting)
    assert (tmp_path / "another").read_bytes() == b"whole"


def test_what_another_program_holds_for_good_stays_and_the_reason_is_told(tmp_path, monkeypatch):
    (tmp_path / "another").write_bytes(b"old")
    hold_files(monkeypatch, 10**9)
    monkeypatch.setattr(replacing_module, "_HELD_AT_MOST_S", 0.05)
    with pytest.raises(PermissionError, match="open in another program"):
        _write(tmp_path)
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [("another", b"old")]


def test_what_may_not_be_written_elsewhere_is_told_at_once(tmp_path, monkeypatch):
    hold_files(monkeypatch, 1)
    monkeypatch.setattr(replacing_module, "_ON_WINDOWS", False)
    with pytest.raises(PermissionError, match="used by another"):
        _write(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError, match="no folder"), replacing(tmp_path / "no folder" / "kept"):
        pass


@pytest.fixture
def left(tmp_path):
    """Makes a file, or a folder with one in it, that somebody left so many days ago."""

    def make(name: str, days: float, folder: bool = False) -> Path:
        path = tmp_path / name
        if folder:
            path.mkdir()
        (path / "mask.nii.gz" if folder else path).write_text("a patient's")
        then = time.time() - days * 24 * 3600
        os.utime(path, (then, then))
        return path

    return make


def test_what_a_killed_program_left_is_removed_once_it_is_a_day_old(left, tmp_path):
    gone = [left(".samunet-a1b2c3_d.part", 1.1), left(".samunet-a1b2c3_e.part", 1.1, folder=True)]
    kept = [left(".samunet-00000000.part", 0.9), left(".samunet-00000001.part", 0.9, folder=True)]
    _write(tmp_path)
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept), "another window may be writing these"


def test_a_clock_that_is_ahead_of_a_shared_folders_removes_no_draft_that_is_being_written(
    tmp_path, monkeypatch
):
    """The folder's server dates the files, and this computer may think otherwise."""
    ours = time.time
    with replacing(tmp_path / "kept") as file:
        file.write(b"whole")
        monkeypatch.setattr(time, "time", lambda: ours() + 3 * 24 * 3600)
        _write(tmp_path)
    assert (tmp_path / "kept").read_bytes() == b"whole"


def test_a_clock_that_is_behind_a_shared_folders_keeps_no_draft(left, tmp_path, monkeypatch):
    draft, ours = left(".samunet-a1b2c3_d.part", 1.1), time.time
    monkeypatch.setattr(time, "time", lambda: ours() - 3 * 24 * 3600)
    _write(tmp_path)
    assert not draft.exists()


STRANGE = ["a1b2c3_d.part", ".samunet-notes.txt", ".samunet-a1b2c3_d.part.txt", ".samunet-mine"]
STRANGE += [".samunet-A1B2C3_D.part", "samunet-a1b2c3_d.part", ".samunet-a1b2c3_d2.part"]
STRANGE += [".samunet-.part", ".samunet-settings", ".samunet-projects", ".samunet-a1b2c3_d"]


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("folder", [False, True])
def test_nothing_is_removed_that_bears_another_name(left, tmp_path, name, folder):
    path = left(name, 400, folder)
    _write(tmp_path)
    assert path.exists()


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_is_nobodys_draft(left, tmp_path):
    stranger = left("notes.txt", 400)
    link, folder = tmp_path / ".samunet-a1b2c3_d.part", tmp_path / ".samunet-a1b2c3_e.part"
    link.symlink_to(stranger)
    os.utime(link, (1e9, 1e9), follow_symlinks=False)
    folder.symlink_to(left("masks", 400, folder=True), target_is_directory=True)
    os.utime(folder, (1e9, 1e9), follow_symlinks=False)
    _write(tmp_path)
    assert all(path.is_symlink() for path in (link, folder))
    assert all(path.exists() for path in (stranger, tmp_path / "masks" / "mask.nii.gz"))


def test_what_cannot_be_removed_hinders_nobody(left, tmp_path, monkeypatch):
    def denied(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    left(".samunet-a1b2c3_d.part", 2)
    left(".samunet-a1b2c3_e.part", 2, folder=True)
    with monkeypatch.context() as closed:
        closed.setattr(os, "unlink", denied)
        closed.setattr(os, "rmdir", denied)
        _write(tmp_path)
    assert (tmp_path / "another").read_bytes() == b"whole"
