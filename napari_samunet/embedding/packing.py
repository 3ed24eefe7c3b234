"""An embedding as the bytes of a safetensors file, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from torch import Tensor

_CHECKSUM = "crc32"


def packed(features: Mapping[str, Tensor], half: bool) -> bytes:
    """Write features as one file's bytes, float32 as float16 where they are halved."""
    from safetensors.torch import save

    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in features.items()}
    stored = _with(whole, "float32", "float16") if half else whole
    return save(stored, {_CHECKSUM: _checksum(stored)})


def is_whole(path: Path) -> bool:
    """Whether a file is as long as its header says; its numbers are not read.

    What a power loss cut short still has its name. No file is mapped, as safetensors does: where
    the disk fails, a read is an error and a page of a map the end of the program.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, size)))
        ends = (told["data_offsets"][1] for name, told in header.items() if name != "__metadata__")
        return bool(size == 8 + length + max(ends, default=0))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False  # not there, closed to us, or nothing of ours


def unpacked(content: bytes) -> dict[str, Tensor]:
    """Read a file's bytes; a ValueError or SafetensorError where it is not what was written."""
    from safetensors.torch import load

    stored = load(content)
    length = int.from_bytes(content[:8], "little")
    told = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    if told.get(_CHECKSUM) != _checksum(stored):
        raise ValueError("its checksum is another")
    return stored


def _checksum(stored: Mapping[str, Tensor]) -> str:
    """Of names, shapes and numbers: against a failing disk; a digest takes three times as long."""
    import torch

    total = 0
    for name in sorted(stored):
        total = crc32(f"{name}{tuple(stored[name].shape)}".encode(), total)
        total = crc32(stored[name].flatten().view(torch.uint8).numpy().data, total)
    return f"{total:08x}"


def widened(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return features that were halved as float32 again."""
    return _with(features, "float16", "float32")


def rounded(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return features as they come back from a folder that halves them."""
    return widened(_with(features, "float32", "float16"))


def _with(features: Mapping[str, Tensor], old: str, new: str) -> dict[str, Tensor]:
    """Turn tensors of one kind of numbers into another, and leave the others."""
    import torch

    before, after = getattr(torch, old), getattr(torch, new)
    return {
        name: tensor.to(after) if tensor.dtype == before else tensor
        for name, tensor in features.items()
    }
