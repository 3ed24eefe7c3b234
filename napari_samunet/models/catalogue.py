"""The list of checkpoints that are known by name, and where their files lie on this computer."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from napari_samunet.assets import asset
from napari_samunet.errors import BadCheckpoint
from napari_samunet.models.hashes import KnownHash, digest, pin, pin_of

BUILTIN = "weights/builtin.safetensors"
"""The weights that travel with the package, among its resources."""


@dataclass(frozen=True)
class CatalogueEntry:
    """One checkpoint of the list.

    Attributes
    ----------
    name, system
        Its name, and the system that reads it.
    page, url
        Where a person finds it, and its direct address (empty where there is none).
    by_hand
        Why a program cannot fetch it and what a person has to do; empty where there is an address.
    file, size_mb
        Name of the file and about how large it is, in 10^6 bytes.
    sha256, md5, git
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
    by_hand: str = ""
    sha256: str = ""
    md5: str = ""
    git: str = ""

    @property
    def path(self) -> Path:
        """Where the file belongs on this computer."""
        return models_folder() / self.file

    @property
    def published(self) -> KnownHash | None:
        """The strongest hash that is published, or None."""
        for kind, value in (("sha256", self.sha256), ("md5", self.md5), ("git", self.git)):
            if value:
                return KnownHash(kind, value)
        return None


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
        It is not on this computer, or it is not the published file, or not the one that was used
        before.
    """
    path = entry.path
    if not path.is_file():
        raise BadCheckpoint(f"The checkpoint of {entry.name} is not here: {how_to_get(entry)}.")
    wrong = hash_difference(path, entry)
    if wrong:
        raise BadCheckpoint(
            f"{path} is not the right file for {entry.name}: {wrong}. Delete it and get it again."
        )
    return path


def how_to_get(entry: CatalogueEntry) -> str:
    """Say what brings a listed checkpoint onto this computer, with address and place."""
    if entry.url:
        return (
            f"fetch it with 'samunet models fetch {entry.name}', or download {entry.url} "
            f"elsewhere and put it at {entry.path}"
        )
    return f"{entry.by_hand}; open {entry.page} and put the file at {entry.path}"


def hash_difference(path: Path, entry: CatalogueEntry) -> str:
    """Say how a file differs from the published one, or from the one that was used before.

    An empty text means that it does not, or that nothing is known to compare with.
    """
    wanted, origin = entry.published, "published one"
    if wanted is None:
        pinned = pin_of(entry.path)
        if pinned is None:
            return ""
        wanted = KnownHash("sha256", pinned)
        origin = f"one used before (delete {entry.path.name}.sha256 beside it to forget that)"
    came = digest(path, wanted.kind)
    same = came == wanted.value
    return "" if same else f"its {wanted.kind} hash is {came}, not {wanted.value}, the {origin}"


def remember(entry: CatalogueEntry, path: Path, sha256: str) -> None:
    """Pin a listed file that was loaded, so that another one in its place is noticed.

    Only where no hash is published, and only the file in the cache.
    """
    if entry.published is None and path == entry.path:
        pin(path, sha256)
