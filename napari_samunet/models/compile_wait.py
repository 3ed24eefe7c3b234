"""How long a person would wait while OpenVINO's encoder is compiled and measured."""

from __future__ import annotations

import logging
from time import perf_counter

from napari_samunet.models.halves import Encoding, Half

logger = logging.getLogger(__name__)

TOLD, LONGEST = 5.0, 45.0
"""Seconds from which a person is told, and that a click may wait at most."""
IMAGES = 25
"""What torch encodes in that time, about; measured with SAM-Med2D on one core."""


def is_bearable(half: Half, longest: float) -> bool:
    """Whether a choice for this half is made soon enough; a long wait that is, is announced.

    That of a decoder always is. For an encoder it is guessed from the sooner of two images in
    torch, for the first one also lays out weights.
    """
    if half.name != Encoding.name:
        return True
    wait = IMAGES * min(_seconds(half) for _ in range(2))
    if TOLD < wait <= longest:
        text = "Measuring once which engine encodes %s sooner, which takes about %.0f s"
        logger.warning(text, half.system.name, wait)
    return wait <= longest


def _seconds(half: Half) -> float:
    start = perf_counter()
    half.work(half.own())
    return perf_counter() - start
