"""Training configurations, read from TOML."""

from __future__ import annotations

import math
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from napari_samunet.assets import asset
from napari_samunet.errors import BadUsage

SHIPPED = "train/builtin.toml"
"""The resource that the shipped weights were trained with."""

_KINDS = {str: "a text", int: "a whole number", float: "a number"}
_RANGES = {
    "seed": (0, 2**63 - 1),
    **dict.fromkeys(("workers", "warmup"), (0, math.inf)),
    **dict.fromkeys(("learning_rate", "weight_decay", "ema", "regions"), (0, 1)),
    "side": (48, math.inf),  # eighths of less are narrower than a blur's reach
    "clicks": (1, 20),  # what the protocol makes
}
"""What a number may be; those that are not here count something, from 1."""
_PATHS = ("start", "folder")  # beside the file that names them


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
    """Read a training configuration.

    Raises
    ------
    BadUsage
        The file cannot be read, or is no TOML; a key is unknown, or its value of another kind than
        its default or out of range.
    """
    table = _read(path)
    scenes = _checked(path, "[scenes] ", SceneConfig, _taken(path, table, "scenes"))
    dev = _checked(path, "[dev] ", DevConfig, _taken(path, table, "dev"))
    whole = _checked(path, "", TrainConfig, table)
    config = TrainConfig(scenes=SceneConfig(**scenes), dev=DevConfig(**dev), **whole)
    if config.images < config.batch:
        raise _bad(path, "images", f"at least one batch ({config.batch})", config.images)
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise BadUsage(
            f"A training configuration (TOML) was wanted, but {path} {reason}; "
            f"see {asset(SHIPPED)} for one."
        ) from error
    except ValueError as error:  # TOML's, or text in another encoding
        raise BadUsage(
            f"A training configuration (TOML) was wanted, but {path} is none: {error}."
        ) from error


def _taken(path: Path, table: dict[str, Any], name: str) -> dict[str, Any]:
    """The table of that name, taken out of the whole."""
    part = table.pop(name, {})
    if not isinstance(part, dict):
        raise _bad(path, name, f"a table [{name}]", part)
    return part


def _checked(path: Path, where: str, kind: type, table: dict[str, Any]) -> dict[str, Any]:
    """The values of one table, each of the kind of its default."""
    defaults = {each.name: each.default for each in fields(kind) if each.default is not MISSING}
    for key, value in table.items():
        if key not in defaults:
            raise BadUsage(
                f"{path}: {where}{key} is no key of a training configuration; "
                f"wanted one of {', '.join(defaults)}."
            )
        _check(path, where, key, value, type(defaults[key]))
    paths = {key: str(path.parent / table[key]) for key in _PATHS if table.get(key)}
    return table | paths


def _check(path: Path, where: str, key: str, value: object, kind: type) -> None:
    """Refuse a value of another kind, and a number below the least that makes sense."""
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or isinstance(value, bool):  # which Python counts among the whole numbers
        raise _bad(path, where + key, _KINDS[kind], value)
    low, high = _RANGES.get(key, (1, math.inf))
    if isinstance(value, (int, float)) and not low <= value <= high:
        upwards = "or more" if high == math.inf else f"to {high}"
        raise _bad(path, where + key, f"{_KINDS[kind]}, {low} {upwards}", value)


def _bad(path: Path, key: str, wanted: str, came: object) -> BadUsage:
    return BadUsage(f"{path}: {key} is {wanted}, but {came!r} came.")
