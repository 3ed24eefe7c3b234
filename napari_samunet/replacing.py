"""Files that are written as a whole or not at all, for somebody may read them meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

DRAFT_PREFIX, DRAFT_SUFFIX = ".samunet-", ".part"
"""By which a draft is known that a killed program left."""


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
