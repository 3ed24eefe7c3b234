"""What libraries say about damaged files stays off the terminal: our error tells it in one line."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock

_LOGS = ("highdicom.base", "nibabel.global", "pydicom", "tifffile")

Change = Callable[[], AbstractContextManager[None]]


def shared(change: Change) -> Change:
    """Make one change of what the whole process has in common, however many threads want it.

    The first one in makes it, the last one out takes it back. Were each to put back what it found,
    two that overlap would leave the change behind for good.
    """
    lock, undo, inside = Lock(), ExitStack(), 0

    @contextmanager
    def joined() -> Iterator[None]:
        nonlocal inside
        with lock:
            if not inside:
                undo.enter_context(change())
            inside += 1
        try:
            yield
        finally:
            with lock:
                inside -= 1
                if not inside:
                    undo.close()

    return joined


@shared
@contextmanager
def silent() -> Iterator[None]:
    """Show no warnings, and nothing that readers of images log."""
    logs = [log for log in map(logging.getLogger, _LOGS) if not log.disabled]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.disabled = True
        try:
            yield
        finally:
            for log in logs:
                log.disabled = False


def damage_of(error: Exception) -> str:
    """What a decoder says of damage, as the clause of a sentence."""
    return " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
