"""Files that another program holds, as a virus scanner does on Windows with what is new, folders
that take none, and disks that are full.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from napari_samunet import replacing


def hold_files(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Behave as Windows does, and refuse the next so many moves of files."""
    move, left = os.replace, iter(range(times))

    def refused_at_first(draft: Path, path: Path) -> None:
        if next(left, None) is not None:
            raise PermissionError(13, "The file is being used by another process")
        move(draft, path)

    monkeypatch.setattr(os, "replace", refused_at_first)
    monkeypatch.setattr(replacing, "_ON_WINDOWS", True)
    monkeypatch.setattr(replacing, "_ASKED_EVERY_S", 0.01)


def refuse_files(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let a folder take no draft, as one that belongs to somebody else."""
    make = os.mkdir

    def refused(path: str | Path, *arguments: int, **options: int) -> None:
        if Path(path).parent == folder:
            raise PermissionError(13, "Permission denied", str(path))
        make(path, *arguments, **options)

    monkeypatch.setattr(os, "mkdir", refused)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As on a full disk, the end of a longer file is lost."""
    resource = pytest.importorskip("resource")
    before, bytecode = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # Python would keep what is cut short, and fail to read it
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = bytecode
