"""Named display windows: what a reader dials for brain, lung or bone."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from napari_samunet.assets import asset
from napari_samunet.types import Window


@dataclass(frozen=True)
class WindowPreset:
    """One named window of ``resources/windows.toml``.

    Attributes
    ----------
    name : str
        Lower case, e.g. "lung".
    modality : str
        What its numbers are meant for; "CT" means Hounsfield units.
    level, width : float
        Centre and width, the two numbers that a workstation shows.
    shows : str
        What it is good for, for the person who chooses.
    """

    name: str
    modality: str
    level: float
    width: float
    shows: str

    @property
    def window(self) -> Window:
        """(low, high) in the units of the image."""
        return self.level - self.width / 2, self.level + self.width / 2


@cache
def window_presets(modality: str | None = None) -> tuple[WindowPreset, ...]:
    """Return the windows that fit a modality, in the order of the file; None: all of them."""
    listed = tomllib.loads(asset("windows.toml").read_text(encoding="utf-8"))["window"]
    presets = (WindowPreset(**entry) for entry in listed)
    return tuple(preset for preset in presets if modality in (None, preset.modality))
