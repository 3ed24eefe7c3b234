"""Files that are written as a whole or not at all, for somebody may read them meanwhile."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DRAFT_PREFIX, DRAFT_SUFFIX = ".samunet-", ".part"
"""By which a draft is known that a killed program left."""
_FOLDER = re.compile(re.escape(DRAFT_PREFIX) + r"[a-z0-9_]{8}")
_FILE = re.compile(_FOLDER.pattern + re.escape(DRAFT_SUFFIX))
_ABANDONED_S = 24 * 3600


def sweep(folder: Path) -> None:
    """Remove the drafts that killed programs left in a folder: they show a patient.

    Only what bears a draft's name and is older than a day, which no write takes. What cannot be
    removed stays: whoever writes there now has no part in it.
    """
    abandoned = time.time() - _ABANDONED_S
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(DRAFT_PREFIX):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < abandoned:
                        _remove_draft(entry)


def _remove_draft(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False) and _FOLDER.fullmatch(entry.name):
        shutil.rmtree(entry, ignore_errors=True)
    elif entry.is_file(follow_symlinks=False) and _FILE.fullmatch(entry.name):
        os.unlink(entry)


@contextmanager
def replacing(path: Path, lasting: bool = True) -> Iterator[BinaryIO]:
    """Open a file beside ``path`` to write on, which takes its place at the end.

    Nobody but its owner may read it: embeddings and sessions show a patient. After an error what
    was there stays. ``lasting`` waits until the disk has it; a cache need not.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=DRAFT_PREFIX, suffix=DRAFT_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
