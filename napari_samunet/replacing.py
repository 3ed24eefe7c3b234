"""Files that are written as a whole or not at all, for somebody may read them meanwhile."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DRAFT_PREFIX, DRAFT_SUFFIX = ".samunet-", ".part"
"""By which a draft, a file or a folder, is known that a killed program left."""
_DRAFT = re.compile(re.escape(DRAFT_PREFIX) + r"[a-z0-9_]{8}" + re.escape(DRAFT_SUFFIX))
_ABANDONED_S = 24 * 3600


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


@contextmanager
def replacing(path: Path, lasting: bool = True, prefix: str = DRAFT_PREFIX) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` to write on, which takes its place at the end.

    Nobody but its owner may read it: embeddings and sessions show a patient. After an error what
    was there stays.

    Parameters
    ----------
    path : Path
    lasting : bool
        Whether to sweep, and to wait until the disk has it; a cache need not.
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
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
