"""Full-size checkpoints with rule-made weights, and the published answers that belong to them."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from loopback import Loopback
from torch import Tensor

from napari_samunet.models import catalogue

MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the person's own downloads."""
    folder = tmp_path / "cache" / "models"
    monkeypatch.setattr(catalogue, "models_folder", lambda: folder)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A web server on this computer in place of the network."""
    made = Loopback()
    yield made
    made.close()


@pytest.fixture(scope="session")
def rule_tensors(shared_checkpoints: Path) -> Callable[[str], dict[str, Tensor]]:
    """State dict of a published system, every value computed from its tensor's name."""
    rule = runpy.run_path(str(shared_checkpoints / "weights_by_rule.py"))["tensor"]

    def make(name: str) -> dict[str, Tensor]:
        table = json.loads((shared_checkpoints / f"{name}.json").read_text())
        made = {key: rule(key, shape, dtype) for key, shape, dtype in table}
        return {key: torch.from_numpy(value) for key, value in made.items() if value is not None}

    return make


@pytest.fixture(scope="module")
def make_checkpoint(
    rule_tensors: Callable[[str], dict[str, Tensor]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeCheckpoint]:
    """Write a rule-made checkpoint as its authors save it, once a file; removed with the module."""
    folder = tmp_path_factory.mktemp("checkpoints")

    def make(name: str, file_name: str | None = None, wrapper: str = "") -> Path:
        path = folder / (file_name or f"{name}.pth")
        if not path.exists():
            state = rule_tensors(name)
            torch.save({wrapper: state} if wrapper else state, path)
        return path

    yield make
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def reference(shared_checkpoints: Path) -> Callable[[str], dict[str, np.ndarray]]:
    """Inputs, prompts and answers of a published system's own code."""

    def read(name: str) -> dict[str, np.ndarray]:
        with np.load(shared_checkpoints / f"{name}.npz") as arrays:
            return dict(arrays)

    return read
