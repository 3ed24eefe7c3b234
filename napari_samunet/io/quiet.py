"""What libraries say about damaged files stays off the terminal: our error tells it in one line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_log(name: str) -> Iterator[None]:
    """Switch a logger off and back on."""
    log = logging.getLogger(name)
    disabled, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = disabled
