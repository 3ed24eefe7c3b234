"""Torch beside a drawing library that shares its process and its cores."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

_MAPS = Path("/proc/self/maps")


@contextmanager
def beside_a_window() -> Iterator[None]:
    """Import torch within this where a window is drawn in the same process."""
    # Torch's threads wait for work by spinning, on cores that draw the canvas meanwhile: asleep,
    # they halve the time to the first mask. OpenMP reads this once, when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with _triton_kept_out():
        yield


@contextmanager
def _triton_kept_out() -> Iterator[None]:
    """Let torch be imported without Triton where loading Triton would end the process.

    Mesa, which draws the canvas on machines without a vendor's driver, brings LLVM; so does Triton,
    in another version. PyOpenGL makes the symbols of the first global, and Triton, loaded second,
    then calls into the wrong one and crashes (torch 2.15, Triton 3, Mesa 22 to 25). Importing
    torchvision is enough to load it. Torch does without Triton where it is not installed: it only
    cannot compile for a GPU, which inference here never does.
    """
    if "triton" in sys.modules or not _llvm_is_loaded():
        yield
        return
    sys.modules["triton"] = cast("ModuleType", None)  # Python's way to say "not installed"
    try:
        yield
    finally:
        del sys.modules["triton"]


def _llvm_is_loaded() -> bool:
    try:
        return "libLLVM" in _MAPS.read_text(errors="replace")
    except OSError:  # no Linux: no Triton either
        return False
