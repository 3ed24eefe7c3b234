"""How much memory embeddings may take: what a person set, else a share of the machine."""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

import psutil
from platformdirs import user_cache_path, user_config_path

from napari_samunet.errors import InputError
from napari_samunet.replacing import replacing

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "SAMUNET_CACHE"
"""Names another folder for embeddings; they go with it."""
_MB = 2**20
_PLACES = ("device_mb", "ram_mb", "disk_mb")
_RAM_SHARE, _MOST_RAM_MB = 1 / 8, 4096
_DEVICE_SHARE, _MOST_DEVICE_MB = 1 / 4, 16384
_DISK_SHARE, _MOST_DISK_MB = 1 / 10, 20480


class Room(NamedTuple):
    """Bytes that embeddings may take on the device, in RAM and on the disk."""

    device: int
    ram: int
    disk: int


@dataclass(frozen=True)
class Budget:
    """Settings of memory; None stands for the machine's own share.

    Attributes
    ----------
    device_mb
        MiB of embeddings in the memory of a GPU; an eighth of RAM serves where there is none.
    ram_mb
        MiB in RAM.
    disk_mb
        MiB on the disk; 0: nothing is written.
    idle
        Whether slices that nobody has asked for are encoded while nothing else is to do.

    Raises
    ------
    InputError
        A number is negative.
    """

    device_mb: int | None = None
    ram_mb: int | None = None
    disk_mb: int | None = None
    idle: bool = True

    def __post_init__(self) -> None:
        for name in _PLACES:
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not 0 <= value < 2**40):
                raise InputError(f"{name} is a number of megabytes from 0 on, but {value} came.")

    def filled(self, device: str = "cpu") -> Budget:
        """Return the same with the machine's share in place of every None.

        Parameters
        ----------
        device
            Where the model runs, as torch names it.
        """
        default = machine_share(device)
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return Budget(**{**asdict(default), **given})

    def room(self, device: str = "cpu") -> Room:
        """Return what `filled` grants, in bytes."""
        filled = asdict(self.filled(device))
        return Room(*(filled[name] * _MB for name in _PLACES))


def machine_share(device: str = "cpu") -> Budget:
    """Return the default: an eighth of RAM, a quarter of the device, a tenth of the free disk.

    At most 4 GiB, 16 GiB and 20 GiB: more slices than a person goes through in a day.
    """
    ram = psutil.virtual_memory().total * _RAM_SHARE / _MB
    free = shutil.disk_usage(_existing(cache_folder())).free
    return Budget(
        device_mb=_device_share(device),
        ram_mb=int(min(ram, _MOST_RAM_MB)),
        disk_mb=int(min(free * _DISK_SHARE / _MB, _MOST_DISK_MB)),
    )


def read_budget(path: Path | None = None) -> Budget:
    """Return what a person set; what cannot be read counts as not set."""
    path = settings_path() if path is None else path
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Budget)}
        return Budget(**{name: value for name, value in words.items() if name in known})
    except FileNotFoundError:
        return Budget()
    except (OSError, ValueError, TypeError, AttributeError, InputError) as error:
        logger.warning("%s is left out: %s", path, error)
        return Budget()


def write_budget(budget: Budget, path: Path | None = None) -> None:
    """Keep settings for the next start.

    Raises
    ------
    OSError
        Nothing may be written there.
    """
    path = settings_path() if path is None else path
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(json.dumps(asdict(budget)).encode())


def settings_path() -> Path:
    """The file in which a person's settings of memory lie."""
    return user_config_path("napari-samunet") / "memory.json"


def cache_folder() -> Path:
    """The folder in which embeddings lie: the user's own, or the one that SAMUNET_CACHE names."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else user_cache_path("napari-samunet") / "embeddings"


def _device_share(device: str) -> int:
    """MiB of a GPU's memory; 0 where the device has none of its own."""
    if not device.startswith("cuda"):
        return 0
    import torch

    total = torch.cuda.get_device_properties(device).total_memory
    return int(min(total * _DEVICE_SHARE / _MB, _MOST_DEVICE_MB))


def _existing(path: Path) -> Path:
    """The nearest folder that is there, on the same disk as one that is not yet."""
    return next(place for place in (path, *path.absolute().parents) if os.path.exists(place))
