"""Embeddings in memory: bounded, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from napari_samunet.embedding.budget import Budget
    from napari_samunet.embedding.folder import EmbeddingFolder

DEFAULT_BYTES = 512 * 2**20


class Cache(Protocol):
    """Where an engine keeps its embeddings."""

    @property
    def folder(self) -> EmbeddingFolder | None:
        """What lies on the disk, if anything does."""
        ...

    @property
    def bytes(self) -> int:
        """Bytes in memory, of the device and of RAM."""
        ...

    def get(self, key: EmbeddingKey) -> Mapping[str, Tensor] | None:
        """Return the features of a key, or None."""
        ...

    def put(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Keep features as far as there is room; return them as `get` will."""
        ...

    def relieve(self) -> None:
        """Give the memory of the device back."""
        ...

    def move(self, device: str) -> None:
        """Serve another device from now on."""
        ...

    def use(self, budget: Budget) -> None:
        """Keep within other budgets from now on."""
        ...

    def holds(self, size: int) -> int:
        """How many embeddings of so many bytes there is room for in all."""
        ...

    def empty(self) -> int:
        """Forget everything; return how many embeddings were deleted from the disk."""
        ...

    def __contains__(self, key: EmbeddingKey) -> bool: ...


class EmbeddingCache:
    """Features by key, at most ``max_bytes`` of them; safe to use from several threads.

    Parameters
    ----------
    max_bytes
        How much it may hold.
    spill
        ``spill(key, features)`` is told what goes for want of room.

    Raises
    ------
    InputError
        If ``max_bytes`` is negative.
    """

    def __init__(
        self,
        max_bytes: int = DEFAULT_BYTES,
        spill: Callable[[EmbeddingKey, Mapping[str, Tensor]], object] | None = None,
    ) -> None:
        if max_bytes < 0:
            raise InputError(f"A cache holds 0 bytes or more, but {max_bytes} was asked for.")
        self.max_bytes = max_bytes
        self.folder = None
        self._spill = spill
        self._entries: OrderedDict[EmbeddingKey, Mapping[str, Tensor]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: EmbeddingKey) -> Mapping[str, Tensor] | None:
        """Return the features of ``key`` and mark them as used, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key]

    def put(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Keep features unless too large; what was used longest ago goes before they come."""
        size = size_of(features)
        with self._lock:
            self._drop(key)
            if size > self.max_bytes:
                gone = [(key, features)]
            else:
                gone = self._make_room(size)
                self._entries[key] = features
                self._bytes += size
        self._tell(gone)
        return features

    def resize(self, max_bytes: int) -> None:
        """Hold so much from now on, and let go at once of what is more."""
        with self._lock:
            self.max_bytes = max_bytes
            gone = self._make_room(0)
        self._tell(gone)

    def move(self, device: str) -> None:
        """Forget everything: it lies on another device."""
        self.empty()

    def use(self, budget: Budget) -> None:
        """Hold what a budget grants to RAM from now on."""
        self.resize((budget.filled().ram_mb or 0) * 2**20)

    def holds(self, size: int) -> int:
        """How many embeddings of so many bytes there is room for."""
        return self.max_bytes // max(size, 1)

    def relieve(self) -> None:
        """Let go of everything, as if there were no room."""
        with self._lock:
            gone = list(self._entries.items())
            self._entries.clear()
            self._bytes = 0
        self._tell(gone)

    def empty(self) -> int:
        """Forget everything, none of which is on the disk."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0
        return 0

    @property
    def bytes(self) -> int:
        """Bytes of all features that are kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: EmbeddingKey) -> bool:
        return key in self._entries

    def _make_room(self, size: int) -> list[tuple[EmbeddingKey, Mapping[str, Tensor]]]:
        """Take the oldest out until ``size`` more bytes fit."""
        gone = []
        while self._entries and self._bytes + size > self.max_bytes:
            oldest = next(iter(self._entries))
            gone.append((oldest, self._entries[oldest]))
            self._drop(oldest)
        return gone

    def _tell(self, gone: list[tuple[EmbeddingKey, Mapping[str, Tensor]]]) -> None:
        if self._spill is not None:
            for key, features in gone:
                self._spill(key, features)

    def _drop(self, key: EmbeddingKey) -> None:
        features = self._entries.pop(key, None)
        if features is not None:
            self._bytes -= size_of(features)


def size_of(features: Mapping[str, Tensor]) -> int:
    """Return the bytes of all tensors."""
    return sum(tensor.element_size() * tensor.nelement() for tensor in features.values())
