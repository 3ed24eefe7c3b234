"""What a server answers is the whole file, or the reason in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from loopback import CONTENT, Loopback, entry_at, nothing_kept

from napari_samunet.cli.main import main
from napari_samunet.errors import NotFetched
from napari_samunet.models import catalogue
from napari_samunet.models.download import download


@pytest.mark.parametrize("status", [203, 204, 206, 302, 403])
def test_only_a_plain_yes_brings_the_file(server: Loopback, tmp_path: Path, status: int) -> None:
    """A part of a file, or nothing, is no failure to the web and would be kept for the whole."""
    content = b"" if status == 204 else CONTENT[:1000]
    url = server.answer(status, str(len(content)), content)
    with pytest.raises(NotFetched, match=f"answered {status}"):
        download(url, tmp_path / "weights.pt")
    assert nothing_kept(tmp_path) or (tmp_path / "weights.pt").read_bytes() == b""


@pytest.mark.parametrize("length", ["abc", "", "12, 12"])
def test_a_length_that_is_no_number_is_told_in_one_line(
    server: Loopback, cache: Path, capsys, monkeypatch: pytest.MonkeyPatch, length: str
) -> None:
    entry = entry_at(server.answer(200, length, CONTENT))
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    assert main(["models", "fetch", "weights"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert f"says that the file is {length!r} bytes long" in told
    assert str(cache / "weights.pt") in told
    assert nothing_kept(cache)
