"""How a DICOM plane asks to be shown: windows, or a table where it has none.

Standard: DICOM PS3.3, C.11.2 (VOI LUT).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.pixels import apply_voi

from napari_samunet.io.dicom_values import numbers_of
from napari_samunet.types import Window

_FOOT, _HEAD = 0.05, 0.95
"""Shares of the output between which the curve of a table is taken for straight."""


def windows_of(words: tuple[Any, ...]) -> tuple[tuple[str, Window], ...]:
    """All display windows that a plane states, each with its name or "", the first one first.

    Tables count where there are no windows, each as the straight window that follows the middle of
    its curve, because windows are what a person changes. One that falls is left out.

    Parameters
    ----------
    words : tuple of datasets
        Where values of the plane are looked up, the nearest first.
    """
    for dataset in words:
        centers, widths = (numbers_of((dataset,), f"Window{word}") for word in ("Center", "Width"))
        if centers and widths:
            return _stated(dataset, centers, widths)
    return next((found for found in map(_tables, words) if found), ())


def _stated(
    dataset: Any, centers: tuple[float, ...], widths: tuple[float, ...]
) -> tuple[tuple[str, Window], ...]:
    said = dataset.get("WindowCenterWidthExplanation") or ()
    names = [*([said] if isinstance(said, str) else said), *[""] * len(centers)]
    return tuple(
        (str(name).strip(), (center - width / 2, center + width / 2))
        for name, center, width in zip(names, centers, widths, strict=False)
        if width >= 1
    )


def _tables(dataset: Any) -> tuple[tuple[str, Window], ...]:
    found = []
    for number, item in enumerate(dataset.get("VOILUTSequence") or ()):
        try:
            count, first = item.LUTDescriptor[:2]
            values = np.arange(first, first + (count or 2**16))
            window = _straightened(values, apply_voi(values, dataset, number).astype(float))
        except Exception:  # a damaged table: the image is shown without it
            continue
        if window is not None:
            found.append((str(item.get("LUTExplanation") or "").strip(), window))
    return tuple(found)


def _straightened(values: Any, curve: Any) -> Window | None:
    """Window (low, high) of the straight line through foot and head of a curve that rises."""
    low, high = curve[0], curve[-1]
    if high <= low:
        return None
    share = np.maximum.accumulate((curve - low) / (high - low))
    foot, head = (float(np.interp(part, share, values)) for part in (_FOOT, _HEAD))
    beyond = (head - foot) * _FOOT / (_HEAD - _FOOT)
    return (foot - beyond, head + beyond) if head > foot else None
