"""Values of DICOM attributes: looked up where a plane may state them, and taken as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from pydicom.config import disable_value_validation

from napari_samunet.io.quiet import shared, silent


@shared
@contextmanager
def lenient() -> Iterator[None]:
    """Keep libraries from judging what bends the standard: they quote values of the patient."""
    with silent(), disable_value_validation():
        yield


def numbers_of(words: tuple[Any, ...], keyword: str, count: int = 1) -> tuple[float, ...] | None:
    """At least ``count`` finite numbers from the first dataset that states them, or None."""
    for dataset in words:
        try:
            value = dataset.get(keyword)
            if value is None or value == "":
                continue
            values = [value] if np.isscalar(value) or not hasattr(value, "__len__") else value
            numbers = tuple(float(v) for v in values)
        except (ValueError, TypeError, AttributeError, NotImplementedError):
            continue
        if len(numbers) >= count and np.isfinite(numbers).all():
            return numbers
    return None
