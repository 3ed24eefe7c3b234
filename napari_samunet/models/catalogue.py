"""The list of checkpoints that are known by name, and where their files lie on this computer."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from napari_samunet.assets import asset
from napari_samunet.errors import BadCheckpoint

_CHUNK = 1 << 20


@dataclass(frozen=True)
class CatalogueEntry:
    """One checkpoint of the list.

    Attributes
    ----------
    name, system
        Its name, and the system that reads it.
    page, url
        Where a person finds it, and its direct address (empty behind a consent page).
    file, size_mb
        Name of the file and about how large it is, in 10^6 bytes.
    md5, git
        Published hashes: of the file, and of the file as a git blob (SHA-1); empty where none is.
    licence, paper, good_for
        For the person who chooses.
    """

    name: str
    system: str
    page: str
    file: str
    size_mb: int
    licence: str
    paper: str
    good_for: str
    url: str = ""
    md5: str = ""
    git: str = ""

    @property
    def path(self) -> Path:
        """Where the file belongs on this computer."""
        return models_folder() / self.file


def models_folder() -> Path:
    """The folder in the user's cache where downloaded checkpoints lie."""
    return Path(platformdirs.user_cache_dir("napari-samunet")) / "models"


@cache
def entries() -> tuple[CatalogueEntry, ...]:
    """Every checkpoint of the list, in its order."""
    listed = tomllib.loads(asset("models.toml").read_text(encoding="utf-8"))
    return tuple(CatalogueEntry(**model) for model in listed["model"])


def find_entry(name: str) -> CatalogueEntry | None:
    """The checkpoint of that name, or None."""
    return next((entry for entry in entries() if entry.name == name), None)


def installed(entry: CatalogueEntry) -> Path:
    """The file of a listed checkpoint, after its hash was compared.

    Raises
    ------
    BadCheckpoint
        It is not on this computer, or it is not the published file.
    """
    path = entry.path
    if not path.is_file():
        raise BadCheckpoint(
            f"The checkpoint of {entry.name} is not on this computer: download it from "
            f"{entry.url or entry.page} and put it at {path}."
        )
    wrong = hash_difference(path, entry)
    if wrong:
        raise BadCheckpoint(f"{path} is not the published {entry.name}: {wrong}; download again.")
    return path


def hash_difference(path: Path, entry: CatalogueEntry) -> str:
    """Say how a file's hash differs from the published one; empty: it does not, or none is."""
    if entry.md5:
        came = _digest(path, hashlib.md5(usedforsecurity=False))
        return "" if came == entry.md5 else f"its md5 is {came} instead of {entry.md5}"
    if entry.git:
        start = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        came = _digest(path, start)
        return "" if came == entry.git else f"its git hash is {came} instead of {entry.git}"
    return ""


def _digest(path: Path, state: hashlib._Hash) -> str:
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()
