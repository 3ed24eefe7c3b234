"""What lies at a path, or an error of ours where nobody may look: `Path` raises its own instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_samunet.errors import UnreadableFile


def exists(path: Path) -> bool:
    """Say whether anything lies there.

    Raises
    ------
    UnreadableFile
        If its folder may not be entered, or the path is longer than the system takes.
    """
    return _asked(path, Path.exists)


def is_file(path: Path) -> bool:
    """Say whether a file lies there; raises as `exists` does."""
    return _asked(path, Path.is_file)


def is_folder(path: Path) -> bool:
    """Say whether a folder lies there; raises as `exists` does."""
    return _asked(path, Path.is_dir)


def _asked(path: Path, question: Callable[[Path], bool]) -> bool:
    try:
        return question(path)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be reached ({error.strerror}): check the path, and that you may enter "
            "its folder."
        ) from None
