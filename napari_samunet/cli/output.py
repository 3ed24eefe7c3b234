"""Files that a command writes: checked before the work, replaced only when complete."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from napari_samunet.errors import BadUsage


def check_target(path: str | Path) -> Path:
    """Make sure that a file can be written, before hours of work are done for it.

    Parameters
    ----------
    path
        The file to be written; it may exist.

    Raises
    ------
    BadUsage
        Its folder is missing or not writable, or the path is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise BadUsage(f"Expected a file to write, but {path} is a folder; name a file in it.")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise BadUsage(f"Expected a folder to write {path.name} in, but {folder} does not exist.")
    if not os.access(folder, os.W_OK):
        raise BadUsage(f"Expected a folder to write {path.name} in, but {folder} is read-only.")
    return path


def replace_text(path: Path, text: str) -> None:
    """Write a text file: first beside the target, then in its place, so that none is left half.

    Parameters
    ----------
    path
        The target, which is replaced if it exists.
    text
        Its new content, written as UTF-8.
    """
    handle, temporary = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
