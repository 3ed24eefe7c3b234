"""A listed checkpoint from its address into the user's cache: whole and verified, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from napari_samunet.errors import BadCheckpoint, FetchCancelled, NotFetched
from napari_samunet.models.catalogue import (
    CatalogueEntry,
    hash_difference,
    how_to_get,
    installed,
)
from napari_samunet.models.download import SILENCE_S, Progress, download
from napari_samunet.models.hashes import digest, pin
from napari_samunet.replacing import cause_of, put_in_place

_PART = ".part"
# A server may be silent for half a minute, so what nobody has written to for so long is abandoned.
_ABANDONED_S = 600


def fetch(
    entry: CatalogueEntry, progress: Progress | None = None, silence_s: float = SILENCE_S
) -> Path:
    """Bring a listed checkpoint onto this computer, unless it is here already.

    It is written under another name first and gets its own when its hash is the published one;
    where none is published it has to be a whole checkpoint, and its SHA-256 is pinned. Two
    processes that fetch at once do not disturb each other.

    Parameters
    ----------
    entry
        What to fetch.
    progress
        ``progress(done, total)`` in bytes, total None where it is not known; returning False stops.
    silence_s
        How long the server may say nothing, in seconds.

    Returns
    -------
    Path
        The verified file.

    Raises
    ------
    FetchCancelled
        ``progress`` returned False; a later call starts from the beginning.
    NotFetched
        It has no address, the network or the disk failed, or the hash is another one; the message
        says where to get the file by hand and where to put it.
    BadCheckpoint
        The file that is here already is not the right one; it is left alone.
    """
    if entry.path.is_file():
        return installed(entry)
    if not entry.url:
        raise NotFetched(f"{entry.name} cannot be fetched by a program: {how_to_get(entry)}.")
    try:
        _bring(entry, progress, silence_s)
    except FetchCancelled:
        raise
    except NotFetched as error:
        raise NotFetched(
            f"{entry.name} was not fetched: {error}. Try again later, or download {entry.url} "
            f"elsewhere and put it at {entry.path}."
        ) from error
    return entry.path


def _bring(entry: CatalogueEntry, progress: Progress | None, silence_s: float) -> None:
    part = _new_part(entry)
    try:
        download(entry.url, part, progress, silence_s)
        _put_in_place(part, entry)
    except OSError as error:
        raise _unwritable(entry.path.parent, error) from error
    finally:
        with suppress(OSError):  # what another program holds goes with a later download
            part.unlink()


def _new_part(entry: CatalogueEntry) -> Path:
    """Make an empty file beside the wanted one, where there is room for it."""
    folder = entry.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_abandoned(folder)
        free = shutil.disk_usage(folder).free
        if free < entry.size_mb * 1_000_000:
            raise NotFetched(
                f"it needs {entry.size_mb} MB, but {folder} has only {free // 1_000_000} MB left"
            )
        handle, name = tempfile.mkstemp(_PART, f"{entry.file}.", folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    os.close(handle)
    return Path(name)


def _unwritable(folder: Path, error: OSError) -> NotFetched:
    return NotFetched(f"{folder} cannot be written to ({cause_of(error)})")


def _forget_abandoned(folder: Path) -> None:
    """Remove what downloads left that were killed."""
    oldest = time.time() - _ABANDONED_S
    for part in folder.glob(f"*{_PART}"):
        with suppress(OSError):  # another process may be doing the same
            if part.stat().st_mtime < oldest:
                part.unlink()


def _put_in_place(part: Path, entry: CatalogueEntry) -> None:
    wrong = hash_difference(part, entry)
    if wrong:
        raise NotFetched(f"what came is not the right file: {wrong}")
    if entry.published is None:
        _check_whole(part)
        pin(entry.path, digest(part, "sha256"))
    put_in_place(part, entry.path)


def _check_whole(part: Path) -> None:
    """Refuse what came where no published hash does, before it is pinned: a server's apology, or
    the first half of a file whose length it did not tell.
    """
    from napari_samunet.models.checkpoint import read_checkpoint

    try:
        read_checkpoint(part)
    except BadCheckpoint as error:
        raise NotFetched("what came is no checkpoint, or not a whole one") from error
