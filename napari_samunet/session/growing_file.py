"""A private file that only grows, locked for as long as it is open."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from napari_samunet.session.lock import hold


class GrowingFile:
    """Puts bytes to the end of a file and waits until the disk has them.

    What fails may be put again: it begins where the last whole piece ended.

    Parameters
    ----------
    path
        Where it lies.
    file
        Open for reading and writing, without a buffer: what a full disk refused must not come
        later, at another place.
    end
        Offset behind the last whole piece, in bytes.
    """

    def __init__(self, path: Path, file: BinaryIO, end: int) -> None:
        self.path = path
        self._file = file
        self._end = end
        self._has_names = _names_of(file) > 0  # some network drives count none

    @classmethod
    def create(cls, path: Path, content: bytes) -> GrowingFile:
        """Begin a file that must not exist yet.

        Raises
        ------
        OSError
            The disk refuses it; nothing of it is left.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Private from its first moment: it shows a patient.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        made = cls(path, os.fdopen(descriptor, "r+b", buffering=0), 0)
        hold(made._file)
        try:
            made.append(content)
        except OSError:
            made.close()
            with suppress(OSError):
                path.unlink()  # a copy cut short would be offered instead of the whole
            raise
        return made

    @classmethod
    def open_again(cls, path: Path, end: int) -> GrowingFile | None:
        """Open a file to write on; None where it is written on or holds more than was read."""
        file = path.open("r+b", buffering=0)
        if hold(file):
            file.seek(end)
            if not file.read().strip(b"\0"):
                file.truncate(end)  # NUL bytes are what a power loss leaves, and nobody's work
                return cls(path, file, end)
        file.close()
        return None

    @property
    def is_there(self) -> bool:
        """Whether the file still has its name: one that was deleted, or in whose place another
        was moved, takes bytes for nobody.
        """
        return self.path.exists() and (_names_of(self._file) > 0) == self._has_names

    def content(self) -> bytes:
        """All whole pieces, also of a file that was deleted; an ``OSError`` if they are gone."""
        self._file.seek(0)
        found = bytearray()
        while len(found) < self._end and (more := self._file.read(self._end - len(found))):
            found += more
        if len(found) < self._end:
            raise OSError(f"{self.path} is shorter than what was written to it")
        return bytes(found)

    def append(self, content: bytes) -> None:
        """Put bytes to the end; an ``OSError`` leaves what was there, and maybe a torn piece."""
        self._file.seek(self._end)
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]
        os.fsync(self._file.fileno())
        self._end += len(content)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            self._file.close()


def _names_of(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_nlink
