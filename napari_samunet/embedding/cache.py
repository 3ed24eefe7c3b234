"""Embeddings in memory, where the model runs: bounded, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_BYTES = 512 * 2**20


class EmbeddingCache:
    """Features by key, at most ``max_bytes`` of them; safe to use from several threads.

    Raises
    ------
    InputError
        If ``max_bytes`` is negative.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        if max_bytes < 0:
            raise InputError(f"A cache holds 0 bytes or more, but {max_bytes} was asked for.")
        self.max_bytes = max_bytes
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

    def put(self, key: EmbeddingKey, features: Mapping[str, Tensor]) -> None:
        """Keep features unless too large; what was used longest ago goes until all fit."""
        size = size_of(features)
        with self._lock:
            self._drop(key)
            if size > self.max_bytes:
                return
            self._entries[key] = features
            self._bytes += size
            while self._bytes > self.max_bytes:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
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

    def _drop(self, key: EmbeddingKey) -> None:
        features = self._entries.pop(key, None)
        if features is not None:
            self._bytes -= size_of(features)


def size_of(features: Mapping[str, Tensor]) -> int:
    """Return the bytes of all tensors."""
    return sum(tensor.element_size() * tensor.nelement() for tensor in features.values())
