"""Values of DICOM attributes, looked up where a plane may state them."""

from __future__ import annotations

from typing import Any

import numpy as np


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
