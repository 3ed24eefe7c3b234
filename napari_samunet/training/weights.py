"""Trained weights as a file: float16 safetensors with the configuration in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from napari_samunet.errors import BadCheckpoint
from napari_samunet.models.builtin import metadata_of
from napari_samunet.models.checkpoint import Checkpoint, read_checkpoint
from napari_samunet.models.samunet import SamUNet
from napari_samunet.training.files import open_whole


def save_weights(model: SamUNet, path: Path, facts: Mapping[str, object]) -> None:
    """Write ``model`` to ``path`` atomically; ``facts`` (images seen, hours) join its header."""
    tensors = {name: _stored(value) for name, value in model.state_dict().items()}
    metadata = metadata_of(model.config) | {"training": json.dumps(facts)}
    _write(tensors, path, metadata)


def set_score_map(path: Path, score_map: tuple[float, ...]) -> None:
    """Write a map of scores into the contract of a weights file, atomically; tensors stay as are.

    Parameters
    ----------
    path
        A weights file of ours.
    score_map
        See ``InputContract.score_map``.

    Raises
    ------
    BadCheckpoint
        It is no weights file of ours.
    """
    checkpoint = read_checkpoint(path)
    check_ours(checkpoint, path)
    contract = json.loads(checkpoint.metadata.get("contract", "{}"))
    contract["score_map"] = list(score_map)
    _write(checkpoint.tensors, path, dict(checkpoint.metadata) | {"contract": json.dumps(contract)})


def check_ours(checkpoint: Checkpoint, path: Path) -> None:
    """Refuse a file of weights that ``samunet train`` did not write.

    Raises
    ------
    BadCheckpoint
        It is none of ours.
    """
    if "config" not in checkpoint.metadata:
        raise BadCheckpoint(
            f"Scores of our own weights (samunet train) can be mapped, but {path} is not of ours."
        )


def _write(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    with open_whole(path) as file:
        file.write(save(tensors, metadata))


def _stored(value: Tensor) -> Tensor:
    dtype = torch.float16 if value.is_floating_point() else value.dtype
    return value.to("cpu", dtype, copy=True, memory_format=torch.contiguous_format)
