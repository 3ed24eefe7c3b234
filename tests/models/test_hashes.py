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
    link = os.link

    def overtaken(draft: Path, place: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        pin(tmp_path / "w.pt", FIRST)
        link(draft, place)

    monkeypatch.setattr(os, "link", overtaken)
    pin(tmp_path / "w.pt", SECOND)
    assert pin_of(tmp_path / "w.pt") == FIRST
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt.sha256"]


def test_a_disk_that_knows_no_links_keeps_pins_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(_draft: Path, _place: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    pin(tmp_path / "w.pt", FIRST)
    assert pin_of(tmp_path / "w.pt") == FIRST
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt.sha256"]
