"""What makes sure that a file is the one that is meant: published hashes, and pins.

Where nobody has published a hash, the SHA-256 of a file that was used once is written beside it
(the pin), so that another file in its place is noticed.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True)
class KnownHash:
    """What a file's hash has to be: ``kind`` "sha256", "md5" or "git", and the digits."""

    kind: str
    value: str


def digest(path: Path, kind: str) -> str:
    """Hexadecimal digest of a file: ``"sha256"``, ``"md5"`` or ``"git"`` (SHA-1 as a git blob)."""
    if kind == "git":
        start = f"blob {path.stat().st_size}\0".encode()
        state = hashlib.sha1(start, usedforsecurity=False)
    else:
        state = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def pin_of(path: Path) -> str | None:
    """The SHA-256 that was pinned for the file of this path, or None."""
    try:
        return _digits(_pin_path(path))
    except OSError:
        return None


def pin(path: Path, sha256: str) -> None:
    """Remember what the file of this path is, unless that is known already.

    The line is one that ``sha256sum -c`` reads; one that was cut short is replaced. A folder that
    cannot be written to keeps no pin: nothing can be replaced there either.
    """
    place = _pin_path(path)
    with suppress(OSError):
        if place.exists():
            if _digits(place):
                return
            place.unlink()  # a full disk or a power loss left none of it
        # Exclusive, so that of two processes the first one decides; for others to read, who
        # share the folder.
        handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{sha256}  {path.name}\n")
        except OSError:
            place.unlink()


def _digits(place: Path) -> str | None:
    """The SHA-256 that a pin tells, or None where it tells none."""
    words = place.read_text(encoding="ascii", errors="replace").split()
    return words[0] if words and re.fullmatch("[0-9a-f]{64}", words[0]) else None


def _pin_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
