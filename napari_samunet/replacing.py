"""Files that are written as a whole or not at all, for somebody may read them meanwhile."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DRAFT_PREFIX, DRAFT_SUFFIX = ".samunet-", ".part"
"""By which a draft, a file or a folder, is known that a killed program left."""
_DRAFT = re.compile(re.escape(DRAFT_PREFIX) + r"[a-z0-9_]{8}" + re.escape(DRAFT_SUFFIX))
_ABANDONED_S = 24 * 3600
_ON_WINDOWS = os.name == "nt"
_HELD_AT_MOST_S = 2.0
_ASKED_EVERY_S = 0.1


def sweep(draft: Path) -> None:
    """Remove the drafts that killed programs left beside a new one: they show a patient.

    Only what bears a draft's name and is a day older than the new one, for no write takes so long
    and the clock of a shared folder may be another than ours. What cannot be removed stays:
    whoever writes there now has no part in it.
    """
    with suppress(OSError), os.scandir(draft.parent) as entries:
        abandoned = draft.stat().st_mtime - _ABANDONED_S
        for entry in entries:
            if _DRAFT.fullmatch(entry.name):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < abandoned:
                        _remove(entry)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry, ignore_errors=True)
    elif entry.is_file(follow_symlinks=False):
        os.unlink(entry)


def draft_folder(parent: Path) -> Path:
    """Make an empty folder for drafts, which nobody but its owner may enter.

    On Windows it is as open as ``parent``: what is moved out of a private folder stays private
    there, and colleagues are to read an export.

    Raises
    ------
    OSError
        It cannot be made there.
    """
    if not _ON_WINDOWS:
        return Path(tempfile.mkdtemp(DRAFT_SUFFIX, DRAFT_PREFIX, parent))
    folder = parent / f"{DRAFT_PREFIX}{secrets.token_hex(4)}{DRAFT_SUFFIX}"
    folder.mkdir()
    return folder


def refusal_of(folder: Path) -> str:
    """Why nothing can be written in a folder, "" where it can; asked, Windows always says yes."""
    try:
        draft_folder(folder).rmdir()
    except OSError as error:
        return cause_of(error)
    return ""


def cause_of(error: OSError) -> str:
    """What the system said, "No space left on device", also where a library put words around it:
    pydicom raises an error of its own, with a traceback in its text.
    """
    told: BaseException | None = error
    while told is not None:
        if isinstance(told, OSError) and told.strerror:
            return told.strerror
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return str(error)


def put_in_place(draft: Path, path: Path) -> None:
    """Move a draft over a file.

    On Windows it waits up to 2 s until other programs let go of both: a virus scanner, or what
    keeps a folder in step with a server, holds a new file for a moment.

    Raises
    ------
    OSError
        It cannot be moved there.
    """
    given_up = time.monotonic() + _HELD_AT_MOST_S
    while True:
        try:
            os.replace(draft, path)
            return
        except PermissionError as error:
            if not _ON_WINDOWS:
                raise
            if time.monotonic() > given_up:
                reason = "it is open in another program, or write-protected"
                raise PermissionError(error.errno, reason, str(path)) from error
        time.sleep(_ASKED_EVERY_S)


@contextmanager
def replacing(path: Path, lasting: bool = True, prefix: str = DRAFT_PREFIX) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` to write on, which takes its place at the end.

    Nobody but its owner may read it: embeddings and sessions show a patient. After an error what
    was there stays.

    Parameters
    ----------
    path : Path
    lasting : bool
        Whether to sweep, and to wait for the disk; a cache need not.
    prefix : str
        Begins the draft's name; whoever gives another one removes what is left of it.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=DRAFT_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            if lasting:
                sweep(Path(draft))
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        put_in_place(Path(draft), path)
    except BaseException:
        with suppress(OSError):  # what another program holds goes with the next sweep
            Path(draft).unlink()
        raise
