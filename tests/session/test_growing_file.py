"""What was put into the file stays whole, whatever the disk does afterwards."""

from __future__ import annotations

import errno
import sys

import pytest

from napari_samunet.session.growing_file import GrowingFile


def test_what_a_disk_refused_is_put_again_where_it_belongs(tmp_path, monkeypatch):
    file = GrowingFile.create(tmp_path / "new" / "a", b"one ")

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            file.append(b"two ")
    assert file.content() == b"one "
    file.append(b"two ")
    file.append(b"three")
    file.close()
    assert file.path.read_bytes() == b"one two three"


def test_a_file_that_cannot_be_begun_leaves_nothing(tmp_path, monkeypatch):
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        GrowingFile.create(tmp_path / "a", b"one")
    assert not list(tmp_path.iterdir())


def test_another_ones_file_is_not_taken(tmp_path):
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        GrowingFile.create(tmp_path / "a", b"one")
    assert (tmp_path / "a").read_bytes() == b"theirs"


def test_only_what_was_read_whole_is_written_on(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one " + b"\0" * 10)
    file = GrowingFile.open_again(path, 4)
    assert GrowingFile.open_again(path, 4) is None, "it is held"
    file.append(b"two")
    file.close()
    assert path.read_bytes() == b"one two"
    assert GrowingFile.open_again(path, 4) is None, "there is more than was read"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is not deleted there")
def test_a_deleted_file_still_tells_what_was_in_it(tmp_path):
    file = GrowingFile.create(tmp_path / "a", b"one ")
    file.append(b"two")
    assert file.is_there
    file.path.unlink()
    assert not file.is_there
    assert file.content() == b"one two"
    file.close()
