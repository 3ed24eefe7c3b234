"""Intensities as a reader would display them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from napari_samunet.errors import InputError
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.suv import suv_window
from napari_samunet.types import AnyArray, UInt8Array, Window

CT_WINDOW: Window = (-160.0, 240.0)
"""Soft tissue, in Hounsfield units."""

_MOST_SAMPLES = 1_000_000
_SPARSE = 0.1
"""Where less than this share rises above the lowest value, percentiles of all tell of the rest."""


def choose_window(volume: Volume, window: Window | None = None) -> Window:
    """Return the window to show a volume with.

    The given one; else the file's own VOI window; else soft tissue for CT; else uptake values of 0
    to 10 for a PET that tells them; else the volume's 0.5 and 99.5 percentiles (of about a million
    evenly spread voxels where there are more; of what rises above an even background where that
    fills nine tenths).

    Raises
    ------
    InputError
        If the given window is not two finite numbers, the lower one first.
    """
    if window is not None:
        return _checked(window)
    if volume.window is not None:
        return volume.window
    if volume.modality == "PT":
        with suppress(InputError):
            return suv_window(volume)
    return CT_WINDOW if volume.modality == "CT" else _percentiles(volume.array)


def shown_window(volume: Volume, window: Window | None = None) -> Window:
    """Return ``choose_window`` for `to_uint8`: its ends are exchanged where low values are meant to
    be bright.
    """
    low, high = choose_window(volume, window)
    return (high, low) if volume.negative else (low, high)


def _checked(window: Window) -> Window:
    try:
        low, high = (float(value) for value in window)
    except (TypeError, ValueError):
        raise InputError(f"A window is (low, high), two numbers, but {window!r} came.") from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(f"A window is (low, high) with low < high, but ({low:g}, {high:g}) came.")
    return low, high


def _percentiles(array: AnyArray) -> Window:
    flat = array.reshape(-1)
    step = max(1, flat.size // _MOST_SAMPLES)
    # An odd stride does not fall into step with even row lengths.
    sample = flat[:: step | 1].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    background = sample.min()
    raised = sample[sample > background]
    if 0 < raised.size < _SPARSE * sample.size:
        return float(background), float(np.percentile(raised, 99.5))
    low, high = np.percentile(sample, [0.5, 99.5])
    return float(low), float(high if high > low else low + 1)


def to_uint8(slice_yx: AnyArray, window: Window) -> UInt8Array:
    """Show a plane (H, W) through a window: low becomes 0, high 255, rounded; not a number, 0.

    A window whose first value is the higher one gives the negative.
    """
    low, high = window
    # Single precision would lose the grey levels of what lies far from zero.
    kind = np.result_type(slice_yx.dtype, np.float32)  # float64 for float64 and wide integers
    shown: NDArray[np.floating] = slice_yx.astype(kind)
    shown -= kind.type(low)
    shown *= kind.type(255.0 / (high - low))
    np.clip(shown, 0, 255, out=shown)
    if slice_yx.dtype.kind == "f":
        shown[np.isnan(shown)] = 0
    return np.rint(shown, out=shown).astype(np.uint8)
