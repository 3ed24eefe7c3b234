"""Trained weights as a file: float16 safetensors with the configuration in its header."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from napari_samunet.models.samunet import SamUNet


def save_weights(model: SamUNet, path: Path, facts: dict[str, object]) -> None:
    """Write ``model`` to ``path`` atomically; ``facts`` (images seen, hours) join the configuration
    in the header.
    """
    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    metadata = {
        "format": "pt",
        "system": "samunet-builtin",
        "config": json.dumps(asdict(model.config)),
        "training": json.dumps(facts),
    }
    part = path.with_suffix(".part")
    save_file(
        {k: v.cpu().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()},
        part,
        metadata,
    )
    os.replace(part, path)
