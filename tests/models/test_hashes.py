"""A file without a published hash is known again, whatever happened while that was noted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from held_files import files_no_longer_than

from napari_samunet.models.hashes import pin, pin_of

FIRST, SECOND = "a" * 64, "b" * 64


def test_the_first_pin_stays(tmp_path: Path) -> None:
    pin(tmp_path / "w.pt", FIRST)
    pin(tmp_path / "w.pt", SECOND)
    assert pin_of(tmp_path / "w.pt") == FIRST
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt.sha256"]


@pytest.mark.skipif(os.name != "posix", reason="Windows asks for rights otherwise.")
def test_who_shares_the_folder_can_read_a_pin(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        pin(tmp_path / "w.pt", FIRST)
    finally:
        os.umask(before)
    assert (tmp_path / "w.pt.sha256").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_no_pin_and_the_next_one_holds(tmp_path: Path) -> None:
    with files_no_longer_than(0):
        pin(tmp_path / "w.pt", FIRST)
    assert list(tmp_path.iterdir()) == []
    pin(tmp_path / "w.pt", FIRST)
    assert pin_of(tmp_path / "w.pt") == FIRST


@pytest.mark.parametrize("left", [b"", b"\0" * 72, b"\xff\xfe", f"{FIRST[:40]}".encode()])
def test_a_pin_that_was_cut_short_is_replaced(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "w.pt.sha256").write_bytes(left)
    assert pin_of(tmp_path / "w.pt") is None
    pin(tmp_path / "w.pt", SECOND)
    assert pin_of(tmp_path / "w.pt") == SECOND


def test_of_two_processes_the_first_one_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.open

    def overtaken(*arguments: object) -> int:
        monkeypatch.setattr(os, "open", make)
        pin(tmp_path / "w.pt", FIRST)
        return make(*arguments)

    monkeypatch.setattr(os, "open", overtaken)
    pin(tmp_path / "w.pt", SECOND)
    assert pin_of(tmp_path / "w.pt") == FIRST
