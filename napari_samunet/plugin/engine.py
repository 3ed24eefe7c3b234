"""The model that all images of a window share; torch is imported by whoever asks first."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from napari_samunet.embedding.cache import size_of
from napari_samunet.inference.answerer import Answerer
from napari_samunet.plugin.graphics import beside_a_window


class SharedEngine(Answerer):
    """Answers prompts like an engine, and loads the model at the first need.

    Parameters
    ----------
    load : callable, optional
        ``load(name_or_path)`` makes the engine, ``load(name_or_path, system)`` where a person says
        which system the file belongs to; the package's own by default.
    """

    def __init__(self, load: Callable[..., Answerer] | None = None) -> None:
        self._load = load or load_engine
        self._engine: Answerer | None = None
        self.name = "builtin"

    def use(self, name_or_path: str, system: str | None = None) -> None:
        """Load a model and answer with it from now on; the one before stays where that fails.

        Parameters
        ----------
        name_or_path
            As for ``load_model``.
        system
            Which system it is, where a person says so.

        Raises
        ------
        BadCheckpoint, UnreadableFile
            It is no checkpoint of a known system.
        """
        engine = self._load(name_or_path, system) if system else self._load(name_or_path)
        self._engine, self.name = engine, name_or_path
        self.system, self.cache = engine.system, engine.cache

    def predict(self, *arguments: Any, **named: Any) -> Any:
        """Answer prompts on one slice; see ``Engine.predict``."""
        return self._loaded().predict(*arguments, **named)

    def glimpse(self, *arguments: Any) -> Any:
        """Answer before a closer look; see ``Engine.glimpse``."""
        return self._loaded().glimpse(*arguments)

    def embed(self, *arguments: Any) -> Any:
        """Encode a slice before it is asked for; see ``Engine.embed``."""
        return self._loaded().embed(*arguments)

    def discriminant(self, *arguments: Any) -> Any:
        """Learn what an object is to the encoder; see ``Engine.discriminant``."""
        return self._loaded().discriminant(*arguments)

    def room_for(self, features: Any) -> int:
        """How many slices with features like these can be kept at once."""
        return sys.maxsize if self.cache is None else self.cache.holds(size_of(features))

    @property
    def title(self) -> str:
        """The system and its file, for the person."""
        system, name = self.system, Path(self.name).name
        if self.name == "builtin":
            return "built-in"
        return name if system is None or system.name == name else f"{system.name} ({name})"

    def describe(self) -> str:
        """One line for the person: the system, its file, and what it runs on."""
        system = self.system
        return self.title if system is None else f"{self.title}, on {_spoken(str(system.device))}"

    def device_line(self) -> str:
        """What it runs on and how much the slices take that it remembers, e.g. "CPU, 12 MB"."""
        device = "" if self.system is None else str(self.system.device).upper()
        memory = "" if self.cache is None else f"{self.cache.bytes / 2**20:.0f} MB"
        return ", ".join(filter(None, (device, memory)))

    def _loaded(self) -> Answerer:
        if self._engine is None:
            self.use(self.name)
        return cast("Answerer", self._engine)


def _spoken(device: str) -> str:
    return {"cpu": "the CPU", "mps": "the Apple GPU"}.get(device, f"GPU {device}")


def load_engine(
    name_or_path: str,
    system: str | None = None,
    device: str = "auto",
    folder: Path | None = None,
) -> Answerer:
    """Load a model beside a window; parameters as for ``load_model`` and ``open_engine``."""
    # napari imports it for the first Points layer, which would hold up the first click.
    import_module("pandas")
    with beside_a_window():
        from napari_samunet.inference.engine import open_engine
        from napari_samunet.models.load import load_model

        return open_engine(load_model(name_or_path, device, system), folder=folder)
