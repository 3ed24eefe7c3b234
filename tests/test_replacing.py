"""A file is written as a whole or not at all, and is its owner's alone."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from napari_samunet.replacing import DRAFT_PREFIX, DRAFT_SUFFIX, replacing, sweep


def _begin(file: BinaryIO) -> None:
    file.write(b"n")
    raise KeyboardInterrupt


def _sweep_long_after(folder: Path) -> None:
    (draft,) = folder.iterdir()
    os.utime(draft, (1e9, 1e9))
    sweep(folder)


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
        _sweep_long_after(tmp_path)


def test_an_error_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        _begin(file)
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError, match="no folder"), replacing(tmp_path / "no folder" / "kept"):
        pass


@pytest.fixture
def left(tmp_path):
    """Makes what somebody left in a folder so many days ago; a name with a dot within is a file."""

    def make(name: str, days: float) -> Path:
        path = tmp_path / name
        if "." in name[1:]:
            path.write_text("a patient's")
        else:
            path.mkdir()
            (path / "mask.nii.gz").write_text("a patient's")
        then = time.time() - days * 24 * 3600
        os.utime(path, (then, then))
        return path

    return make


def test_what_a_killed_program_left_is_removed_once_it_is_a_day_old(left, tmp_path):
    gone = [left(".samunet-a1b2c3_d.part", 1.1), left(".samunet-a1b2c3_d", 1.1)]
    kept = [left(".samunet-00000000.part", 0.9), left(".samunet-00000000", 0.9)]
    sweep(tmp_path)
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept), "another window may be writing these"


STRANGE = ["a1b2c3_d.part", ".samunet-notes.txt", ".samunet-a1b2c3_d.part.txt", ".samunet-mine"]
STRANGE += [".samunet-A1B2C3_D", "samunet-a1b2c3_d", ".samunet-a1b2c3_d2", ".samunet-.part"]


@pytest.mark.parametrize("name", STRANGE)
def test_nothing_is_removed_that_bears_another_name(left, tmp_path, name):
    path = left(name, 400)
    sweep(tmp_path)
    assert path.exists()


def test_a_link_and_a_file_in_the_place_of_a_folder_are_nobodys_draft(left, tmp_path):
    stranger = left("notes.txt", 400)
    link, folder = tmp_path / ".samunet-a1b2c3_d.part", tmp_path / ".samunet-a1b2c3_e"
    link.symlink_to(stranger)
    os.utime(link, (1e9, 1e9), follow_symlinks=False)
    folder.symlink_to(left("masks", 400), target_is_directory=True)
    os.utime(folder, (1e9, 1e9), follow_symlinks=False)
    lone = left("x.txt", 400).rename(tmp_path / ".samunet-a1b2c3_f")
    sweep(tmp_path)
    assert all(path.is_symlink() for path in (link, folder))
    assert all(path.exists() for path in (lone, stranger, tmp_path / "masks" / "mask.nii.gz"))


def test_what_cannot_be_removed_hinders_nobody(left, tmp_path, monkeypatch):
    def denied(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    left(".samunet-a1b2c3_d.part", 2)
    left(".samunet-a1b2c3_d", 2)
    with monkeypatch.context() as closed:
        closed.setattr(os, "unlink", denied)
        closed.setattr(os, "rmdir", denied)
        sweep(tmp_path)
    sweep(tmp_path / "no folder")
