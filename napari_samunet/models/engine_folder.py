"""The folder in the user's cache that holds what was compiled, and which engine was faster."""

from __future__ import annotations

import json
import logging
import os
import platform
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import time

import platformdirs
import torch

from napari_samunet.models.halves import Half
from napari_samunet.models.openvino_network import processor
from napari_samunet.models.system import System
from napari_samunet.replacing import refusal_of, replacing

logger = logging.getLogger(__name__)

UNUSED_DAYS = 60
"""What was compiled and not used for so long is deleted."""


def place_of(half: Half) -> Path | None:
    """Where a compiled half is kept, or None where it is not there and cannot be put there."""
    weights = sha256(half.system.model_hash.encode()).hexdigest()[:16]
    kept = _folder() / f"{weights}-{half.name}-{_identity(half.system)}.blob"
    return kept if kept.is_file() or _can_keep(kept.parent) else None


def note_used(kept: Path) -> None:
    """Note that what is compiled here was used today, and delete what it replaces.

    That is what was compiled of the same half for other releases or numbers of threads, and what
    nobody used for long, the drafts of a killed process among it.
    """
    with suppress(OSError):  # a full disk, or somebody else's folder
        os.utime(kept)
        half, oldest = kept.name.rpartition("-")[0], time() - UNUSED_DAYS * 24 * 3600
        for other in kept.parent.glob("*.blob*"):
            same = other.suffix == ".blob" and other.name.startswith(f"{half}-")
            if other != kept and (same or other.stat().st_mtime < oldest):
                delete(other)


def delete(kept: Path) -> None:
    """Delete what was compiled, where that is allowed."""
    with suppress(OSError):
        kept.unlink()


def choice_of(half: Half) -> str | None:
    """Which engine was chosen for a half, on this machine and with these releases."""
    try:
        return str(json.loads(_choice_file(half).read_text())["engine"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_choice(half: Half, engine: str) -> None:
    """Remember which engine was chosen; where that cannot be, it is said."""
    path = _choice_file(half)
    if not _can_keep(path.parent):
        return
    try:
        with replacing(path) as file:
            file.write(json.dumps({"engine": engine}).encode())
    except OSError:
        logger.warning("The choice of the engine cannot be kept in %s", path.parent)


def openvino_version() -> str:
    """Which release of the extra ``openvino`` is installed; an empty text without it."""
    try:
        return version("openvino")
    except PackageNotFoundError:
        return ""


def _choice_file(half: Half) -> Path:
    return _folder() / f"{half.name}-{_identity(half.system)}.json"


def _folder() -> Path:
    return Path(platformdirs.user_cache_dir("napari-samunet")) / "engines"


def _identity(system: System) -> str:
    """Digest of all that a choice depends on."""
    told = (
        system.model_hash,
        torch.__version__,
        openvino_version(),
        version("napari-samunet"),
        platform.machine(),
        processor(),
        torch.get_num_threads(),
    )
    return sha256(repr(told).encode()).hexdigest()[:32]


@cache
def _can_keep(folder: Path) -> bool:
    """Whether anything can be kept; where not, it is said once, and not of every file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = not refusal_of(folder)
    except OSError:
        writable = False
    if not writable:
        logger.warning(
            "Nothing can be kept in %s: every start measures again which engine is faster, which "
            "takes some seconds; allow writing there, or name an engine in SAMUNET_ENGINE.",
            folder,
        )
    return writable
