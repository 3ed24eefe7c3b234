"""Loading a checkpoint takes the memory of its file, not several times that."""

from __future__ import annotations

import subprocess
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
READ_BACK_LIMIT = 2.5
"""The file of a compiled network, and its weights as the processor wants them."""
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


READ_BACK = """
import re, sys
from pathlib import Path
import openvino
import torch
from napari_samunet.models.openvino_network import OpenVinoNetwork, traced

def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def made():
    layers = torch.nn.Sequential(*(torch.nn.Linear(2048, 2048) for _ in range(8)))
    return traced(layers, (torch.zeros(4, 2048),), [(4, 2048)], ["y"])

openvino.Core().get_property("CPU", "FULL_DEVICE_NAME")  # loads its libraries
before = peak()
OpenVinoNetwork(made, Path(sys.argv[1]))(torch.zeros(4, 2048))
print(peak() - before)
"""


def test_a_compiled_network_is_read_back_without_copies(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    kept = tmp_path / "kept.blob"
    command = [sys.executable, "-c", READ_BACK, str(kept)]
    for _ in range(2):  # compiled, then read back
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    size = kept.stat().st_size
    assert size > 100 << 20
    assert size < int(said) < READ_BACK_LIMIT * size + CODE
