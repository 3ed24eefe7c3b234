"""Interactive medical image segmentation.

The names below are loaded when they are first used: importing the package loads neither torch nor
Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_samunet.io.open import open_volume
    from napari_samunet.io.volume import Volume
    from napari_samunet.models.load import load_model
    from napari_samunet.prompts.prompts import Prompts
    from napari_samunet.session.session import Session

__all__ = ["Prompts", "Session", "Volume", "load_model", "open_volume"]

_HOMES = {
    "open_volume": "napari_samunet.io.open",
    "load_model": "napari_samunet.models.load",
    "Session": "napari_samunet.session.session",
    "Prompts": "napari_samunet.prompts.prompts",
    "Volume": "napari_samunet.io.volume",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = import_module("importlib.metadata").version("napari-samunet")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
