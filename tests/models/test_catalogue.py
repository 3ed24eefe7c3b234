"""The model list names systems that exist; a file in its place is the one its authors made."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from napari_samunet.errors import BadCheckpoint
from napari_samunet.models import catalogue
from napari_samunet.models.catalogue import entries, find_entry, hash_difference, installed
from napari_samunet.models.load import load_model
from napari_samunet.models.recognise import recipe_named


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the person's own downloads out of the tests."""
    monkeypatch.setattr(catalogue, "models_folder", lambda: tmp_path)


def test_every_listed_model_has_a_system_and_a_page() -> None:
    names = [entry.name for entry in entries()]
    assert len(set(names)) == len(names)
    for entry in entries():
        assert recipe_named(entry.system).name == entry.system
        assert entry.page.startswith("https://")
        assert not entry.url or entry.url.startswith("https://")
        assert bool(entry.url) != bool(entry.by_hand)  # an address, or what a person has to do
        assert entry.licence
        assert entry.paper
        assert entry.good_for


def test_a_model_that_is_not_here_says_where_to_get_it_and_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        load_model("sam-med2d")
    assert "drive.google.com" in str(caught.value)
    assert str(tmp_path / "sam-med2d_b.pth") in str(caught.value)


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mobile_sam.pt").write_bytes(b"something else")
    with pytest.raises(BadCheckpoint, match="sha256"):
        load_model("mobile-sam")


def test_published_hashes_of_both_kinds_are_compared(tmp_path: Path) -> None:
    entry = find_entry("mobile-sam")
    assert entry is not None
    path = tmp_path / "mobile_sam.pt"
    path.write_bytes(b"hello\n")
    right = replace(entry, sha256="", md5=hashlib.md5(b"hello\n").hexdigest())
    assert installed(right) == path
    git = replace(right, md5="", git="ce013625030ba8dba906f756967f9e9ca394464a")
    assert hash_difference(path, git) == ""
    assert "git hash" in hash_difference(path, replace(git, git="0"))
    assert hash_difference(path, replace(git, git="")) == ""
