"""A device without memory left: free what can be freed, then go on with the processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from napari_samunet.embedding.cache import Cache
    from napari_samunet.models.system import System

T = TypeVar("T")

_FULL = ("out of memory", "alloc_failed", "not_initialized", "unable to find an engine")
"""What CUDA, cuBLAS and cuDNN say of a card without room, in small letters."""
FELL_BACK = "The GPU has no memory left: the CPU answers from now on, more slowly."


class Relief:
    """Lets work on a device begin again where its memory did not suffice.

    Parameters
    ----------
    system
        Moves to the CPU where nothing else helps.
    cache
        Gives its share of the device back first.

    Attributes
    ----------
    notice
        What became of it, for the person; "" where nothing happened.
    """

    def __init__(self, system: System, cache: Cache) -> None:
        self._system = system
        self._cache = cache
        self.notice = system.notice

    def __call__(self, work: Callable[[], T]) -> T:
        """Return ``work()``, which is called again after each attempt to make room.

        Raises
        ------
        RuntimeError
            There is no memory on the CPU either.
        """
        for make_room in (self.free, self._fall_back):
            try:
                return work()
            except RuntimeError as error:
                if not is_out_of_memory(error) or self._system.device.type == "cpu":
                    raise
            # Outside of the handler, lest the error's frames hold what is to be freed.
            make_room()
        return work()

    def free(self) -> None:
        """Move what is cached on the device to RAM, and give the memory back."""
        self._cache.relieve()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _fall_back(self) -> None:
        self._system.move("cpu")
        self._cache.move("cpu")
        self.free()
        self.notice = FELL_BACK

    def take_notice(self) -> str:
        """Return the notice once."""
        notice, self.notice = self.notice, ""
        return notice


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device said that its memory does not suffice."""
    said = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or any(words in said for words in _FULL)
