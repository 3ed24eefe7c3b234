"""Loading a checkpoint takes the memory of its file, not several times that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from agreement import cost_of_loading
from safetensors.torch import save_file

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process its own peak."),
]

LIMIT = 1.2
HALVES_LIMIT = 2.2
"""What is stored in half precision is computed in single, which is twice the file."""
CODE = 20 << 20
"""Bytes of libraries and Python that loading touches for the first time, whatever the file."""


def as_published(state: dict[str, torch.Tensor], path: Path) -> None:
    torch.save(state, path)


def as_safetensors(state: dict[str, torch.Tensor], path: Path) -> None:
    save_file(state, path)


def with_an_optimiser(state: dict[str, torch.Tensor], path: Path) -> None:
    parameters = torch.nn.Linear(2, 2).parameters()
    torch.save({"model": state, "optimizer": torch.optim.Adam(parameters)}, path)


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("res34_sam_unet", as_published),
        ("res34_sam_unet", as_safetensors),
        ("res34_sam_unet", with_an_optimiser),
        ("mobile_sam", as_published),
        ("mobile_sam", as_safetensors),
    ],
)
def test_the_peak_is_the_file(
    rule_tensors: Callable[[str], dict[str, torch.Tensor]],
    tmp_path: Path,
    name: str,
    save: Callable[[dict[str, torch.Tensor], Path], None],
) -> None:
    path = tmp_path / "file"
    save(rule_tensors(name), path)
    _, bytes_added = cost_of_loading(path)
    size = path.stat().st_size
    path.unlink()
    assert bytes_added < LIMIT * size + CODE
    assert bytes_added > 0  # what is measured is measured


def test_a_half_precision_file_is_never_held_beside_all_of_its_singles(
    rule_tensors: Callable[[str], dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    state = rule_tensors("res34_sam_unet")
    halves = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    path = tmp_path / "file"
    torch.save(halves, path)
    _, bytes_added = cost_of_loading(path)
    size = path.stat().st_size
    path.unlink()
    assert size < bytes_added < HALVES_LIMIT * size + CODE
