"""Trained weights as a file: float16 safetensors with the configuration in its header."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from napari_samunet.models.builtin import metadata_of
from napari_samunet.models.samunet import SamUNet


def save_weights(model: SamUNet, path: Path, facts: Mapping[str, object]) -> None:
    """Write ``model`` to ``path`` atomically; ``facts`` (images seen, hours) join its header."""
    tensors = {name: _stored(value) for name, value in model.state_dict().items()}
    metadata = metadata_of(model.config) | {"training": json.dumps(facts)}
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata)
    part.chmod(0o644)
    os.replace(part, path)


def _stored(value: Tensor) -> Tensor:
    dtype = torch.float16 if value.is_floating_point() else value.dtype
    return value.to("cpu", dtype, copy=True, memory_format=torch.contiguous_format)
