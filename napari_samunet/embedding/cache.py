"""One level of embeddings in memory: bounded, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING

from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_BYTES = 512 * 2**20


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

    def relieve(self) -> None:
        """Let go of everything, as if there were no room."""
        with self._lock:
            gone = list(self._entries.items())
            self._entries.clear()
            self._bytes = 0
        self._tell(gone)

    def empty(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

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
