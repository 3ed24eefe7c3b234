"""Networks compiled by OpenVINO for the processor of this machine, and kept for the next start.

A network is traced by torch and handed to OpenVINO's own reader of traces.
"""

from __future__ import annotations

import logging
import mmap
import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_samunet.io.quiet import silent
from napari_samunet.replacing import replacing

logger = logging.getLogger(__name__)

_DIGEST = sha256().digest_size


class OpenVinoNetwork:
    """A compiled network; several threads may ask it.

    Parameters
    ----------
    trace
        Makes OpenVINO's form of the network, see `traced`; called only where nothing is kept.
    kept
        File that the compiled network is read from, or written to where it is not there yet; None:
        nothing is kept.
    """

    def __init__(self, trace: Callable[[], Any], kept: Path | None) -> None:
        self._compiled, self._content = _compiled(trace, kept)
        self._request = self._compiled.create_infer_request()
        self._lock = Lock()

    @property
    def names(self) -> list[str]:
        """Of the outputs, in their order."""
        return [output.get_any_name() for output in self._compiled.outputs]

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """Inputs → outputs, float32 on the processor."""
        arrays = {i: np.ascontiguousarray(tensor.numpy()) for i, tensor in enumerate(inputs)}
        with self._lock:
            answer = self._request.infer(arrays)
        return [torch.from_numpy(answer[place]) for place in range(len(answer))]


def traced(
    network: nn.Module,
    example: tuple[Tensor, ...],
    shapes: Sequence[Sequence[int]],
    names: Sequence[str],
) -> Any:
    """Bring a network into OpenVINO's form.

    Parameters
    ----------
    network
        Tensors in, a tuple of tensors out.
    example
        Inputs that it is traced with.
    shapes
        Of the inputs; -1 is a length that changes from call to call.
    names
        Given to the outputs.
    """
    _keep_silent()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.inference_mode(), silent():  # most lengths are constants, which is as it should be
        # Torch would check the trace with another run of all of it; we compare answers.
        unchecked = {"check_trace": False}
        decoder = TorchScriptPythonDecoder(
            network.eval(), example_input=example, trace_kwargs=unchecked
        )
    reader = FrontEndManager().load_by_framework("pytorch")
    model = reader.convert(reader.load(decoder))
    model.reshape({place: list(shape) for place, shape in enumerate(shapes)})
    for output, name in zip(model.outputs, names, strict=True):
        output.get_tensor().set_names({name})
    return model


@cache
def processor() -> tuple[str, ...]:
    """Name of the processor and what it computes in; Python alone knows none on Linux."""
    _keep_silent()
    try:
        import openvino

        core = openvino.Core()
        name = core.get_property("CPU", "FULL_DEVICE_NAME")
        return (name, *sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")))
    except Exception:  # a broken installation is told of where it is to compile
        return (platform.processor(),)


def _compiled(trace: Callable[[], Any], kept: Path | None) -> tuple[Any, mmap.mmap | None]:
    """A compiled network, and what it reads its weights from as long as it lives."""
    _keep_silent()
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_PRECISION_HINT": "f32",  # fewer bits change the answers
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": _has_all_cores(),
    }
    read = None if kept is None else _read(core, kept, options)
    if read is not None:
        return read
    compiled = core.compile_model(trace(), "CPU", options)
    if kept is not None:
        _keep(kept, compiled)
    return compiled, None


def _has_all_cores() -> bool:
    """Whether there is a thread for each core, so that pinning them costs nobody else's.

    Unpinned, two threads meet on one core too often: a sixth slower, on a busy machine too. But
    programs with fewer threads than cores are all pinned to the same ones.
    """
    mine = getattr(os, "sched_getaffinity", None)
    cores = os.cpu_count() if mine is None else len(mine(0))
    return torch.get_num_threads() == cores


def _keep_silent() -> None:
    """See to it that OpenVINO tells its makers nothing: it sends usage statistics when imported.

    Without their package it takes a stand-in of its own, which sends nothing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def _read(core: Any, kept: Path, options: dict[str, Any]) -> tuple[Any, mmap.mmap] | None:
    """A compiled network of an earlier time; None where there is none, or a damaged one.

    The file is mapped, not read: weights of a gigabyte would be held several times. Nobody writes
    on it, for a new one takes its place as a whole.
    """
    try:
        with kept.open("rb") as file:
            if file.read(_DIGEST) != file_digest(file, "sha256").digest():
                raise RuntimeError("its checksum is another")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        return _imported(core, content, options), content
    except OSError:
        return None
    except RuntimeError as error:
        logger.warning("%s is damaged and compiled anew: %s", kept, error)
        with suppress(OSError):
            kept.unlink()
        return None


def _imported(core: Any, content: mmap.mmap, options: dict[str, Any]) -> Any:
    from openvino import Tensor

    network = np.frombuffer(content, np.uint8)[_DIGEST:]
    try:
        return core.import_model(Tensor(network, shared_memory=True), "CPU", options)
    except TypeError:  # releases before 2026 take a copy only
        return core.import_model(network.tobytes(), "CPU", options)


def _keep(kept: Path, compiled: Any) -> None:
    exported = compiled.export_model()
    content = exported.getbuffer() if hasattr(exported, "getbuffer") else exported
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept, lasting=False) as file:
            file.write(sha256(content).digest())
            file.write(content)
    except OSError as error:  # costs the next start some seconds, and this one nothing
        logger.warning("The compiled network cannot be kept in %s: %s", kept.parent, error)
