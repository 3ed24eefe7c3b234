"""Embeddings on the disk: one safetensors file each, shared by processes, bounded.

The files are named by digests and hold features alone, neither names nor dates; they show a
patient's anatomy to who knows the network, so that only their owner may read them.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.embedding.packing import is_whole, packed, unpacked, widened
from napari_samunet.replacing import DRAFT_SUFFIX, replacing

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

SUFFIX = ".safetensors"
_OURS = re.compile(r"[0-9a-f]{32}(\.half)?\.safetensors")
"""Names of embeddings: a person may have chosen a folder that holds other programs' files too."""
_DRAFT_PREFIX = ".samunet-embedding-"
"""Of our drafts alone: a person may just be saving a session into the same folder."""
_LOCK, _LEDGER = ".lock", ".bytes"
_PATIENCE_S = 5.0
_AFTER_EVICTION = 0.9
"""Share of the bytes that is left after an eviction, lest every further file needs one."""
_DAY_NS = 24 * 3600 * 10**9


class _File(NamedTuple):
    path: Path
    size: int
    used: int


class EmbeddingFolder:
    """A folder of embeddings, at most ``max_bytes`` of them; the least recently used go first.

    Several processes may use it at once: whoever writes holds a lock, files appear whole or not at
    all, and the sum of their bytes is kept beside them. A folder that cannot be written to keeps
    nothing, which is said once in the log: an answer never fails for it.

    Parameters
    ----------
    path
        Made at the first write, for its owner alone.
    max_bytes
        Bytes of all files together; 0 keeps nothing.
    half
        Whether float32 is stored as float16: half the bytes, rounded to 11 bits.

    Attributes
    ----------
    evicted
        How many embeddings have gone for want of room, through this object.
    refused
        How many were not kept, through this object.
    reason
        Why the latest of those was not, for the person.
    """

    def __init__(self, path: Path, max_bytes: int, half: bool = False) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.half = half
        self.evicted = self.refused = 0
        self.reason = ""
        self._complained = False
        self._believes = True  # the ledger

    def get(self, key: EmbeddingKey, device: str = "cpu") -> dict[str, Tensor] | None:
        """Return the features of a key on a device, or None; marks them as used."""
        from safetensors import SafetensorError

        path = self._path_of(key)
        try:
            stored = unpacked(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:  # of the disk or its rights: the file itself may be whole
            self._complain(f"{path.name} cannot be read: {error}")
            return None
        except (SafetensorError, ValueError) as error:
            self._complain(f"{path.name} is damaged: {error}")
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        there = {name: tensor.to(device) for name, tensor in stored.items()}
        return widened(there) if self.half else there

    def touch(self, key: EmbeddingKey) -> None:
        """Mark what is there as used."""
        with suppress(OSError):
            os.utime(self._path_of(key))

    def put(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> None:
        """Write features unless they are there; what was used longest ago makes room for them."""
        if not self.max_bytes or key in self:
            return
        content = packed(features, self.half)
        if len(content) > self.max_bytes:
            self._refuse(f"one takes {len(content)} bytes of a budget of {self.max_bytes}")
            return
        try:
            with self._held():
                total = self._told()
                if total + len(content) > self.max_bytes:
                    total = self._evict(int(_AFTER_EVICTION * self.max_bytes) - len(content))
                self._tell(total + len(content))  # first: a writer that dies counts too much
                _write(self._path_of(key), content)
        except (OSError, Timeout, NotImplementedError) as error:
            self._refuse(str(error))

    def check(self) -> None:
        """Make the folder, and write to it as `put` does.

        Raises
        ------
        OSError, NotImplementedError
            The folder may not be written to or locked.
        """
        with self._held(), tempfile.TemporaryFile(dir=self.path):
            pass

    def empty(self) -> int:
        """Delete all embeddings; return how many there were.

        Raises
        ------
        OSError
            The folder may not be changed.
        """
        if not self.path.is_dir():
            return 0
        with self._held():
            self._drop_drafts()
            files = self._files()
            for file in files:
                file.path.unlink(missing_ok=True)
            self._tell(0)
        return len(files)

    def resize(self, max_bytes: int) -> None:
        """Keep so much from now on, and delete at once what is more."""
        self.max_bytes = max_bytes
        try:
            if self.bytes > max_bytes:
                with self._held():
                    self._tell(self._evict(max_bytes))
        except (OSError, Timeout, NotImplementedError) as error:
            self._complain(f"{self.path} cannot be used: {error}")

    @property
    def bytes(self) -> int:
        """Bytes of all embeddings; an OSError where the folder cannot be listed."""
        return sum(file.size for file in self._files())

    def __len__(self) -> int:
        return len(self._files())

    def __contains__(self, key: EmbeddingKey) -> bool:
        return is_whole(self._path_of(key))

    def _path_of(self, key: EmbeddingKey) -> Path:
        return self.path / f"{key.digest}{'.half' if self.half else ''}{SUFFIX}"

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other writers out; the lock goes with the process, however that ends."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.path / _LOCK, timeout=_PATIENCE_S, mode=0o600):
            yield

    def _files(self) -> list[_File]:
        """All embeddings, the least recently used first.

        One that a wrong clock dated goes before all others, or it would outlast them for years.
        """
        found = []
        with suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # somebody else has evicted it
                        known = entry.stat()
                        found.append(_File(Path(entry.path), known.st_size, known.st_mtime_ns))
        latest = time.time_ns() + _DAY_NS
        return sorted(found, key=lambda file: (file.used <= latest, file.used))

    def _evict(self, most: int) -> int:
        """Delete the oldest until at most so many bytes are left; return how many are."""
        self._drop_drafts()
        files = self._files()
        total = sum(file.size for file in files)
        for file in files:
            if total <= most:
                break
            with suppress(OSError):
                file.path.unlink()
                total -= file.size
                self.evicted += 1
        return total

    def _drop_drafts(self) -> None:
        """Delete what killed writers left; who holds the lock is the only one that writes."""
        for left in self.path.glob(f"{_DRAFT_PREFIX}*{DRAFT_SUFFIX}"):
            left.unlink(missing_ok=True)

    def _told(self) -> int:
        """The bytes that the last writer counted; counted anew where nobody did."""
        if self._believes:
            with suppress(OSError, ValueError):
                return int((self.path / _LEDGER).read_text())
        return self.bytes

    def _tell(self, total: int) -> None:
        """Keep a sum; where that is refused none is kept, or believed, and it is counted anew."""
        try:
            _write(self.path / _LEDGER, str(total).encode())
            self._believes = True
        except OSError:
            self._believes = False
            with suppress(OSError):
                (self.path / _LEDGER).unlink()

    def _refuse(self, reason: str) -> None:
        self.refused += 1
        self.reason = reason
        self._complain(f"{self.path} keeps no embeddings: {reason}")

    def _complain(self, line: str) -> None:
        if not self._complained:
            self._complained = True
            logger.warning(line)


def _write(path: Path, content: bytes) -> None:
    with replacing(path, lasting=False, prefix=_DRAFT_PREFIX) as file:
        file.write(content)
