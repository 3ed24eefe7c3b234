"""The model that all images of a window share; torch is imported by whoever asks first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from napari_samunet.plugin.graphics import beside_a_window


class SharedEngine:
    """Answers prompts like an engine, and loads the model at the first need.

    Parameters
    ----------
    load : callable, optional
        ``load(name_or_path)`` makes the engine; the package's own by default.
    """

    def __init__(self, load: Callable[[str], Any] | None = None) -> None:
        self._load = load or _load_engine
        self._lock = Lock()
        self._engine: Any = None
        self.name = "builtin"

    def use(self, name_or_path: str) -> None:
        """Load a model and answer with it from now on; the one before stays where that fails.

        Raises
        ------
        BadCheckpoint, UnreadableFile
            It is no checkpoint of a known system.
        """
        engine = self._load(name_or_path)
        with self._lock:
            self._engine, self.name = engine, name_or_path

    def predict(self, *arguments: Any, **named: Any) -> Any:
        """Answer prompts on one slice; see ``Engine.predict``."""
        return self._loaded().predict(*arguments, **named)

    def embed(self, *arguments: Any) -> Any:
        """Encode a slice before it is asked for; see ``Engine.embed``."""
        return self._loaded().embed(*arguments)

    def describe(self) -> str:
        """One line for the person: the model and what it runs on."""
        system = getattr(self._engine, "system", None)
        device = getattr(system, "device", None)
        where = "" if device is None else f", on {_spoken(str(device))}"
        return f"{'built-in' if self.name == 'builtin' else Path(self.name).name}{where}"

    def _loaded(self) -> Any:
        if self._engine is None:
            self.use(self.name)
        return self._engine


def _spoken(device: str) -> str:
    return {"cpu": "the CPU", "mps": "the Apple GPU"}.get(device, f"GPU {device}")


def _load_engine(name_or_path: str) -> Any:
    with beside_a_window():
        from napari_samunet.inference.engine import Engine
        from napari_samunet.models.load import load_model

        return Engine(load_model(name_or_path))
