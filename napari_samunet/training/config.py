"""Training configurations, read from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from napari_samunet.errors import BadUsage


@dataclass(frozen=True)
class SceneConfig:
    """How the synthetic scenes are made."""

    side: int = 256
    scenes_at_once: int = 4
    targets_per_scene: int = 8
    pool: int = 400
    regions: float = 0.55  # share of scenes that show a body region; the others are free
    workers: int = 1


@dataclass(frozen=True)
class DevConfig:
    """How a run is looked at as it goes: ``[dev]``."""

    folder: str = ""  # slice cases, a path beside this file; "": no dev score, pictures only
    every_steps: int = 500
    every_case: int = 8  # only each such case: a look should take seconds
    clicks: int = 3


@dataclass(frozen=True)
class TrainConfig:
    """One training run; every field has the name of its TOML key."""

    member: str = "builtin"
    start: str = ""  # weights to begin with, a path beside this file; "": from nothing
    seed: int = 0
    images: int = 109_000
    batch: int = 16
    rounds: int = 3
    learning_rate: float = 1.0e-3
    warmup: int = 200
    weight_decay: float = 0.02
    ema: float = 0.998
    save_every: int = 100
    scenes: SceneConfig = field(default_factory=SceneConfig)
    dev: DevConfig = field(default_factory=DevConfig)

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.images // self.batch


def read_config(path: Path) -> TrainConfig:
    """Read a training configuration; an unknown key is an error that names it."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadUsage(f"wanted a training configuration (TOML), got {path}: {error}") from error
    scenes, dev = table.pop("scenes", {}), table.pop("dev", {})
    if table.get("start"):
        table["start"] = str(path.parent / table["start"])
    if dev.get("folder"):
        dev["folder"] = str(path.parent / dev["folder"])
    try:
        return TrainConfig(scenes=SceneConfig(**scenes), dev=DevConfig(**dev), **table)
    except TypeError as error:
        raise BadUsage(f"{path}: {error}; see resources/train/builtin.toml for the keys") from error
