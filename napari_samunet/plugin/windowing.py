"""Window and level: presets, percentiles and the right mouse button; voxels never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.preprocess.presets import window_presets
from napari_samunet.types import Window

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_samunet.io.volume import Volume

_WIDER_PER_PIXEL = 1.006
_LEVEL_PER_PIXEL = 1 / 300
"""Of the width: half a screen moves the level by more than a window."""
_NARROWEST = 1e-6
_SAMPLE = 2_000_000
"""Voxels that percentiles are taken of: enough for two digits, found within a frame."""
_PERCENTILES = ((0.5, 99.5), (1, 99), (2, 98), (5, 95), (25, 99.9), (0, 100))


@dataclass(frozen=True)
class ShownWindow:
    """A window that a key sets: its name, its (low, high) and what it is good for."""

    name: str
    window: Window
    shows: str


def windows_of(volume: Volume) -> list[ShownWindow]:
    """Windows of Shift+0 to Shift+9: the file's own first, then those of its modality.

    CT has the presets of ``resources/windows.toml``; other intensities have no unit, so they get
    percentiles of the volume. Further windows of the file come last, so that they move none of the
    usual ones to another digit; whatever comes after the ninth has no key.
    """
    own = ShownWindow("default", choose_window(volume), "as the file says, or 0.5 to 99.5 %")
    others = [
        ShownWindow(name or f"of the file, {place}", window, "as the file says")
        for place, (name, window) in enumerate(volume.windows, start=1)
        if window != own.window
    ]
    presets = window_presets(volume.modality) if volume.modality else ()
    usual = [ShownWindow(item.name, item.window, item.shows) for item in presets]
    return [own, *(usual or _percentile_windows(volume)), *others]


def dragged(window: Window, right: float, up: float) -> Window:
    """Window after the mouse moved: to the right widens it, upwards brightens the image."""
    low, high = window
    width, level = high - low, (high + low) / 2
    level -= up * width * _LEVEL_PER_PIXEL
    width = max(width * _WIDER_PER_PIXEL**right, _NARROWEST)
    return level - width / 2, level + width / 2


def show_window(image: Image, window: Window) -> None:
    """Show an image through a window; the limits of napari's slider make room where needed."""
    low, high = image.contrast_limits_range
    image.contrast_limits_range = (min(low, window[0]), max(high, window[1]))
    image.contrast_limits = window


def _percentile_windows(volume: Volume) -> list[ShownWindow]:
    step = max(1, volume.array.size // _SAMPLE)
    values = volume.array.reshape(-1)[::step]
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    found = np.percentile(values, _PERCENTILES)
    shows = "percentiles of the volume"
    return [
        ShownWindow(f"{low:g} to {high:g} %", (float(bottom), float(top)), shows)
        for (low, high), (bottom, top) in zip(_PERCENTILES, found, strict=True)
        if top > bottom
    ]
