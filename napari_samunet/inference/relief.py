"""A device that fails: free what can be freed, then go on with the processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import torch

from napari_samunet.errors import SamUNetError
from napari_samunet.models.device import first_sentence

if TYPE_CHECKING:
    from napari_samunet.embedding.levels import LayeredCache
    from napari_samunet.models.system import System

T = TypeVar("T")

_FULL = (
    "out of memory",
    "alloc_failed",
    "not_initialized",
    "unable to find an engine",
    "invalid buffer size",
)
"""What CUDA, cuBLAS, cuDNN and Metal say of a device without room, in small letters."""
FELL_BACK = "The GPU has no memory left: the CPU answers from now on, more slowly."
FAILED = "The GPU cannot do this ({reason}): the CPU answers from now on, more slowly."


class Relief:
    """Lets work on a device begin again where its memory did not suffice.

    An Apple GPU may fail in other ways too: torch knows it only in part, and finds that out when
    it comes to the work.

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

    def __init__(self, system: System, cache: LayeredCache) -> None:
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
        notice = ""
        for make_room in (self.free, self._fall_back):
            try:
                return work()
            except Exception as error:
                notice = self._notice_of(error)
                if not notice:
                    raise
            # Outside of the handler, lest the error's frames hold what is to be freed.
            make_room()
        self.notice = notice
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

    def _notice_of(self, error: Exception) -> str:
        """What to say of an error that the CPU may not have; "" of one that it has as well."""
        device = self._system.device.type
        if device != "cpu" and is_out_of_memory(error):
            return FELL_BACK
        if device == "mps" and not isinstance(error, SamUNetError):
            return FAILED.format(reason=first_sentence(error))
        return ""

    def take_notice(self) -> str:
        """Return the notice once."""
        notice, self.notice = self.notice, ""
        return notice


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device said that its memory does not suffice."""
    said = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or any(words in said for words in _FULL)
