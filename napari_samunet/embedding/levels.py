"""Three levels of embeddings: on the device, in RAM, on the disk; each within its budget."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from napari_samunet.embedding.budget import Budget, cache_folder, read_budget
from napari_samunet.embedding.cache import DEFAULT_BYTES, EmbeddingCache
from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.embedding.packing import rounded

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

_MOST_WAITING = 4
"""Slices that wait for the disk; the next one waits for them, so that memory stays bounded."""


class LayeredCache:
    """Embeddings where they are needed, and behind that where there is room.

    What was encoded is written to the disk beside the work, so that it is there tomorrow. What the
    device has no room for goes to RAM and comes back when it is asked for; what RAM has no room for
    is on the disk. A processor's device is RAM, so that it has two levels.

    Parameters
    ----------
    device_bytes, ram_bytes
        Budgets of the first two levels.
    folder
        The third level; None: nothing is written.
    device
        Where features are wanted, as torch names it.
    """

    def __init__(
        self,
        device_bytes: int = DEFAULT_BYTES,
        ram_bytes: int = DEFAULT_BYTES,
        folder: EmbeddingFolder | None = None,
        device: str = "cpu",
    ) -> None:
        self.device = device
        self.folder = folder
        self.ram = EmbeddingCache(ram_bytes)
        self.near = EmbeddingCache(device_bytes, self._to_ram) if _apart(device) else self.ram
        self._writer = ThreadPoolExecutor(1, "samunet-disk")
        self._room = BoundedSemaphore(_MOST_WAITING)

    def get(self, key: EmbeddingKey) -> Mapping[str, Tensor] | None:
        """Return the features of a key on the device, from the nearest level, or None."""
        features = self.near.get(key)
        if features is not None:
            return features
        features = self.ram.get(key)
        if features is not None:
            return self.near.put(key, _moved(features, self.device))
        found = None if self.folder is None else self.folder.get(key, self.device)
        return None if found is None else self.near.put(key, found)

    def put(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Keep new features, here and on the disk; return them as they will come back."""
        if self.folder is None:
            return self.near.put(key, features)
        # Rounded now as the disk will round them: the same click has the same answer tomorrow.
        kept = rounded(features) if self.folder.half else features
        self._room.acquire()
        self._writer.submit(self._write, key, kept)
        return self.near.put(key, kept)

    def flush(self) -> None:
        """Wait until everything is on the disk."""
        self._writer.submit(int).result()

    def empty(self) -> int:
        """Forget everything, on the disk too; return how many embeddings were deleted there.

        Raises
        ------
        OSError
            The folder may not be changed.
        """
        self.flush()
        self.near.empty()
        self.ram.empty()
        return 0 if self.folder is None else self.folder.empty()

    def relieve(self) -> None:
        """Give the memory of the device back."""
        if self.near is not self.ram:
            self.near.relieve()

    def move(self, device: str) -> None:
        """Serve another device from now on."""
        self.relieve()
        if self.near is self.ram and device != self.device:
            self.ram.empty()  # it served a device such as Apple's, and holds that one's tensors
        self.device = device
        if not _apart(device):
            self.near = self.ram

    def use(self, budget: Budget) -> None:
        """Keep within other budgets from now on."""
        room = budget.room(self.device)
        if self.near is not self.ram:
            self.near.resize(room.device)
        self.ram.resize(room.ram)
        if self.folder is not None:
            self.folder.resize(room.disk)

    def holds(self, size: int) -> int:
        """How many embeddings of so many bytes there is room for in all."""
        disk = 0 if self.folder is None else self.folder.max_bytes * (2 if self.folder.half else 1)
        return max(self.ram.max_bytes, disk) // max(size, 1)

    @property
    def bytes(self) -> int:
        """Bytes in memory, of the device and of RAM."""
        return self.ram.bytes + (0 if self.near is self.ram else self.near.bytes)

    def __contains__(self, key: EmbeddingKey) -> bool:
        there = key in self.near or key in self.ram
        return there or (self.folder is not None and key in self.folder)

    def _to_ram(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> None:
        self.ram.put(key, _moved(features, "cpu"))

    def _write(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> None:
        try:
            if self.folder is not None:
                self.folder.put(key, features)
        except Exception:  # nobody asks this thread how it went
            logger.exception("An embedding was not kept on the disk")
        finally:
            self._room.release()


def open_cache(device: str = "cpu", half: bool = False, path: Path | None = None) -> LayeredCache:
    """Return the cache of this machine: its user's folder, within its user's budgets.

    Parameters
    ----------
    device
        Where the model runs, as torch names it.
    half
        Whether its features are stored as float16, see ``InputContract.half``.
    path
        Another folder than the user's.
    """
    room = read_budget().room(device)
    folder = EmbeddingFolder(path or cache_folder(), room.disk, half)
    return LayeredCache(room.device, room.ram, folder, device)


def open_folder() -> EmbeddingFolder:
    """Return the folder of this machine's user, for who encodes nothing."""
    return EmbeddingFolder(cache_folder(), read_budget().room().disk)


def _apart(device: str) -> bool:
    """Whether a device has a memory of its own."""
    return device.startswith("cuda")


def _moved(features: Mapping[str, Tensor], device: str) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in features.items()}
