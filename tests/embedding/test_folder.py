"""Embeddings on the disk: there tomorrow, private, bounded, and never half a file."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.replacing import DRAFT_SUFFIX, replacing

KIB = 1024
ONE = 4 * KIB + 150
"""Bytes of one file, about: its numbers and what safetensors says about them."""
LEFT = f".samunet-embedding-left{DRAFT_SUFFIX}"


def _key(name="a", **others):
    return EmbeddingKey(**{"content": name, "window": (0, 1), "roi": None, "model": "m", **others})


def _features(value=1.0):
    return {"embedding": torch.full((1, 2, 512), value)}


def _size(path):
    return sum(file.stat().st_size for file in path.glob("*.safetensors"))


def test_what_was_encoded_yesterday_is_there_today(tmp_path):
    EmbeddingFolder(tmp_path / "e", 10**6).put(_key(), _features(3.0))
    found = EmbeddingFolder(tmp_path / "e", 10**6).get(_key())
    assert torch.equal(found["embedding"], _features(3.0)["embedding"])


@pytest.mark.parametrize(
    "other",
    [
        _key("b"),
        _key(window=(0, 2)),
        _key(model="n"),
        _key(precision="int8"),
        _key(axis=1),
    ],
)
def test_another_slice_window_model_engine_or_plane_is_another_file(tmp_path, other):
    folder = EmbeddingFolder(tmp_path, 10**6)
    folder.put(_key(), _features())
    assert folder.get(other) is None


def test_the_numbers_of_a_window_are_what_counts_and_not_their_type():
    plain, numpys = _key(window=(0, 1)), _key(window=(np.float64(0), np.float32(1)))
    assert plain.digest == numpys.digest


def test_only_the_owner_can_read_them_and_no_name_is_in_them(tmp_path):
    path = tmp_path / "made" / "embeddings"
    folder = EmbeddingFolder(path, 10**6)
    folder.put(_key("DOE^JOHN"), _features())
    on_windows = os.name == "nt"  # where a user's folders are private, and files have no modes
    assert on_windows or stat.S_IMODE(path.stat().st_mode) == 0o700
    for file in path.iterdir():
        assert on_windows or stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"DOE" not in file.read_bytes()
        assert "DOE" not in file.name


def test_it_stays_within_its_bytes_and_the_least_recently_used_go(tmp_path):
    folder = EmbeddingFolder(tmp_path, 5 * ONE)
    for number in range(5):
        folder.put(_key(str(number)), _features())
        os.utime(folder._path_of(_key(str(number))), (number, number))
    folder.get(_key("0"))  # as old as any, but just used
    for number in range(5, 8):
        folder.put(_key(str(number)), _features())
        assert _size(tmp_path) <= 5 * ONE
    assert _key("0") in folder
    assert _key("1") not in folder
    assert _key("7") in folder


def test_what_a_wrong_clock_dated_goes_first_and_not_the_work_of_today(tmp_path):
    """A clock without its battery once said next year: nothing would be as new until then."""
    folder = EmbeddingFolder(tmp_path, 6 * ONE)
    next_year = time.time() + 365 * 24 * 3600
    for name in "abcde":
        folder.put(_key(name), _features())
        os.utime(folder._path_of(_key(name)), (next_year, next_year))
    for name in "vwxyz":
        folder.put(_key(name), _features())
    assert [name for name in "vwxyz" if _key(name) not in folder] == []


def test_what_is_larger_than_the_folder_may_be_is_not_written(tmp_path):
    folder = EmbeddingFolder(tmp_path, KIB)
    folder.put(_key(), _features())
    assert len(folder) == 0


def test_half_precision_takes_half_the_bytes_and_comes_back_as_it_was_asked_for(tmp_path):
    whole, half = (
        EmbeddingFolder(tmp_path / "w", 10**6),
        EmbeddingFolder(tmp_path / "h", 10**6, True),
    )
    for folder in (whole, half):
        folder.put(_key(), _features(1 / 3))
    assert half.bytes < 0.6 * whole.bytes
    found = half.get(_key())["embedding"]
    assert found.dtype == torch.float32
    assert torch.allclose(found, _features(1 / 3)["embedding"], rtol=2**-11)


def _flipped(content):
    return content[:-7] + bytes([content[-7] ^ 0x40]) + content[-6:]


def _less(content):
    """A whole file of which one tensor of two is missing."""
    stored = load(content)
    return save({"embedding": stored["embedding"]})


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:50],
        lambda content: content[:-900] + bytes(900),
        lambda content: content.replace(b"grey", b"gray"),
        _flipped,
        _less,
    ],
    ids=["cut", "page of zeros", "name", "flipped bit", "tensor missing"],
)
def test_a_damaged_file_is_encoded_anew(tmp_path, damage, half):
    folder = EmbeddingFolder(tmp_path, 10**6, half)
    folder.put(_key(), {**_features(), "grey": torch.tensor(5, dtype=torch.bfloat16)})
    assert folder.get(_key())["grey"] == 5
    file = folder._path_of(_key())
    file.write_bytes(damage(file.read_bytes()))
    assert folder.get(_key()) is None
    folder.put(_key(), _features(2.0))
    assert folder.get(_key())["embedding"].max() == 2


def test_a_file_that_cannot_be_read_for_a_moment_is_not_deleted(tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise PermissionError("not now")

    folder = EmbeddingFolder(tmp_path, 10**6)
    folder.put(_key(), _features(3.0))
    with monkeypatch.context() as moment:
        moment.setattr(Path, "read_bytes", fail)
        assert folder.get(_key()) is None
    monkeypatch.setattr(os, "utime", fail)  # a folder of somebody else's may be read all the same
    assert folder.get(_key())["embedding"].max() == 3


def test_what_was_not_kept_is_counted_with_its_reason(tmp_path):
    small = EmbeddingFolder(tmp_path, KIB)
    small.put(_key(), _features())
    assert small.refused == 1
    assert "budget of 1024" in small.reason
    (tmp_path / "file").write_text("in the way")
    blocked = EmbeddingFolder(tmp_path / "file", 10**6)
    blocked.put(_key(), _features())
    assert blocked.refused == 1
    with pytest.raises(OSError, match="file"):
        blocked.check()


def test_a_sum_that_cannot_be_kept_costs_no_embedding_and_is_counted_anew(tmp_path, monkeypatch):
    """On Windows a virus scanner may hold the file of the sum for longer than anybody waits."""
    folder = EmbeddingFolder(tmp_path, 4 * ONE)
    folder.put(_key("0"), _features())

    def refusing(work):
        def held(*places):
            if Path(places[-1]).name == ".bytes":
                raise PermissionError(13, "The file is being used by another process")
            return work(*places)

        return held

    with monkeypatch.context() as scanned:
        for work in ("replace", "unlink"):
            scanned.setattr(os, work, refusing(getattr(os, work)))
        for name in "12":
            folder.put(_key(name), _features())
    assert (len(folder), folder.refused) == (3, 0)
    for name in "345":
        folder.put(_key(name), _features())
    assert _size(tmp_path) <= 4 * ONE


def test_what_a_killed_writer_left_goes_with_the_next_eviction(tmp_path):
    folder = EmbeddingFolder(tmp_path, 2 * ONE)
    (tmp_path / LEFT).write_bytes(b"half")
    for name in "abc":
        folder.put(_key(name), _features())
    assert not list(tmp_path.glob(".*.part"))


def test_a_session_that_is_saved_into_the_same_folder_arrives(tmp_path):
    folder = EmbeddingFolder(tmp_path, 2 * ONE)
    with replacing(tmp_path / "work.samunet") as file:
        file.write(b"work")
        for name in "abc":
            folder.put(_key(name), _features())
        assert folder.evicted
        folder.empty()
    assert (tmp_path / "work.samunet").read_bytes() == b"work"


def test_what_a_killed_writer_leaves_is_known_for_an_embeddings(tmp_path, monkeypatch):
    """Or it would stay for good, and nobody's save may take it away."""
    folder = EmbeddingFolder(tmp_path, 10**6)
    folder.put(_key("a"), _features())
    with monkeypatch.context() as killed:
        killed.setattr("napari_samunet.replacing.os.replace", _killed)
        killed.setattr(os, "unlink", lambda *_args, **_kwargs: None)
        with pytest.raises(KeyboardInterrupt):
            folder.put(_key("b"), _features())
    assert len(list(tmp_path.glob(".*.part"))) == 1
    folder.empty()
    assert not list(tmp_path.glob(".*.part"))


def _killed(*_paths: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("half", [False, True])
def test_files_of_other_programs_in_the_same_folder_are_neither_counted_nor_deleted(tmp_path, half):
    others = [tmp_path / name for name in ("medsam.safetensors", ".report.part", ".samunet.part")]
    for other in others:
        other.write_bytes(bytes(3 * ONE))
        os.utime(other, (1, 1))
    folder = EmbeddingFolder(tmp_path, 2 * ONE, half)
    for number in range(8):
        folder.put(_key(str(number)), _features())
    assert 0 < len(folder) < 8
    assert folder.bytes <= 2 * ONE
    folder.resize(1)
    folder.resize(10**6)
    folder.put(_key(), _features())
    assert folder.empty() == 1
    assert [other.stat().st_size for other in others] == [3 * ONE] * 3


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_that_somebody_planted_leads_to_no_file_that_is_written(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = EmbeddingFolder(tmp_path / "shared", 10**6)
    folder.path.mkdir()
    (folder.path / ".bytes").symlink_to(precious)
    folder.put(_key(), _features())
    assert folder.get(_key()) is not None
    assert precious.read_text() == "mine"


def test_a_folder_that_cannot_be_written_to_keeps_nothing_and_breaks_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    folder = EmbeddingFolder(tmp_path / "file", 10**6)
    folder.put(_key(), _features())
    folder.put(_key("b"), _features())
    folder.resize(KIB)
    assert folder.get(_key()) is None
    (record,) = caplog.records
    assert str(tmp_path / "file") in record.getMessage()


def test_another_budget_for_a_folder_that_is_a_file_is_told_and_breaks_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    folder = EmbeddingFolder(tmp_path / "file", 10**6)
    folder.resize(KIB)
    (record,) = caplog.records
    assert str(tmp_path / "file") in record.getMessage()


def test_emptying_leaves_nothing_of_any_patient(tmp_path):
    folder = EmbeddingFolder(tmp_path, 10**6)
    for name in "abc":
        folder.put(_key(name), _features())
    (tmp_path / LEFT).write_bytes(b"half")
    assert folder.empty() == 3
    assert not list(tmp_path.glob("*.safetensors"))
    assert not list(tmp_path.glob(".*.part"))
    assert folder.get(_key("a")) is None


_WRITER = """
import sys, torch
from pathlib import Path
from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.key import EmbeddingKey
folder = EmbeddingFolder(Path(sys.argv[1]), int(sys.argv[2]))
for number in range(30):
    key = EmbeddingKey(f"{sys.argv[3]}-{number}", (0.0, 1.0), None, "m")
    folder.put(key, {"embedding": torch.full((1, 2, 512), float(number))})
"""


def test_two_programs_share_a_folder_and_its_bytes(tmp_path):
    room = 20 * ONE
    arguments = [sys.executable, "-c", _WRITER, str(tmp_path), str(room)]
    writers = [subprocess.Popen([*arguments, name]) for name in "ab"]
    most = 0
    while any(writer.poll() is None for writer in writers):
        most = max(most, EmbeddingFolder(tmp_path, room).bytes)
        time.sleep(0.002)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert 0 < most <= room
    assert 10 * ONE < _size(tmp_path) <= room
    for file in tmp_path.glob("*.safetensors"):
        assert file.stat().st_size > 4 * KIB
