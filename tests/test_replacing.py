"""A file is written as a whole or not at all, and is its owner's alone."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

import pytest

from napari_samunet.replacing import DRAFT_PREFIX, DRAFT_SUFFIX, replacing


def _begin(file: BinaryIO) -> None:
    file.write(b"n")
    raise KeyboardInterrupt


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
