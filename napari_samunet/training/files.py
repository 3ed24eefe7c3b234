"""Files of a run: whole or not at all, for all to read, and a plain word where they cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from napari_samunet.errors import InputError
from napari_samunet.replacing import cause_of, replacing


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Write files in a folder.

    Raises
    ------
    InputError
        The disk is full, or it cannot be written for another reason.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        # PyTorch's archive, when closed after a failed write, fails with an error of its own.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            raise
        raise InputError(
            f"{folder} cannot be written in ({cause_of(cause)}): make room there, or allow "
            "writing; the same command then goes on from what was saved last."
        ) from error


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write on, which takes its place at the end; after an error the old one stays.

    Raises
    ------
    InputError
        It cannot be written.
    """
    with writing_in(path.parent):
        with replacing(path) as file:
            yield file
        path.chmod(0o644)  # what it replaced showed no patient and was for colleagues too
