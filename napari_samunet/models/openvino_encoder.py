"""OpenVINO encodes on a processor: the same network and weights, compiled for the machine.

An extra of the package (``pip install napari-samunet[openvino]``). The network is traced here and
handed to OpenVINO's own reader of traces; its converter with usage statistics is not touched.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from napari_samunet.models.encoder import Features, Promptable
from napari_samunet.models.lean import lean
from napari_samunet.models.lean_attention import LeanAttention

logger = logging.getLogger(__name__)

HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoEncoder:
    """Encodes single images with a compiled network.

    Parameters
    ----------
    network
        With ``encode``, on the CPU.
    image_shape
        (C, S, S) of its images.
    kind
        ``"float32"``, or ``"bfloat16"`` where some hundredths of a feature's norm do not matter.
    kept
        File that the compiled network is read from, or written to where it is not there yet; None:
        nothing is kept.
    """

    def __init__(
        self,
        network: nn.Module,
        image_shape: tuple[int, int, int],
        kind: str = "float32",
        kept: Path | None = None,
    ) -> None:
        self.precision = f"openvino-{kind}"
        self._compiled = _compiled(network, image_shape, HINTS[kind], kept)
        self._names = [output.get_any_name() for output in self._compiled.outputs]
        self._request = self._compiled.create_infer_request()
        self._lock = Lock()

    def encode(self, image: Tensor) -> Features:
        """Images (B, C, S, S) → features (B, …), one image after the other."""
        each = [self._encode_one(one) for one in image.split(1)]
        if len(each) == 1:
            return each[0]
        return {name: torch.cat([features[name] for features in each]) for name in self._names}

    def _encode_one(self, image: Tensor) -> Features:
        with self._lock:
            answer = self._request.infer({0: np.ascontiguousarray(image.numpy())})
        return {name: torch.from_numpy(answer[place]) for place, name in enumerate(self._names)}


class _Encodes(nn.Module):
    """The encoding half of a network as a module, features in the order of their names."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        features = cast("Promptable", self.network).encode(image)
        return tuple(features[name] for name in sorted(features))


def _compiled(
    network: nn.Module, image_shape: tuple[int, int, int], hint: str, kept: Path | None
) -> Any:
    import openvino

    core = openvino.Core()
    options = {
        "INFERENCE_PRECISION_HINT": hint,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,  # a window beside it wants the cores as well
    }
    compiled = None if kept is None else _read(core, kept, options)
    if compiled is None:
        compiled = core.compile_model(_traced(network, image_shape), "CPU", options)
        if kept is not None:
            _keep(kept, compiled)
    return compiled


def _read(core: Any, kept: Path, options: dict[str, Any]) -> Any:
    """A compiled network of an earlier time; None where there is none, or a damaged one."""
    try:
        return core.import_model(kept.read_bytes(), "CPU", options)
    except OSError:
        return None
    except RuntimeError as error:
        logger.warning("%s is damaged and compiled anew: %s", kept, error)
        with suppress(OSError):
            kept.unlink()
        return None


def _keep(kept: Path, compiled: Any) -> None:
    try:
        _write(kept, compiled.export_model())
    except OSError as error:  # costs the next start some seconds, and this one nothing
        logger.warning("The compiled network cannot be kept in %s: %s", kept.parent, error)


def _traced(network: nn.Module, image_shape: tuple[int, int, int]) -> Any:
    """OpenVINO's form of the encoding half, its outputs named as the features are."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    twin = lean(network, packed=False)
    for part in twin.modules():
        if isinstance(part, LeanAttention):
            part.fused = True
    image = torch.zeros(1, *image_shape)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all shapes are constants here, which is as it should be
        names = sorted(cast("Promptable", twin).encode(image))
        decoder = TorchScriptPythonDecoder(_Encodes(twin).eval(), example_input=(image,))
    reader = FrontEndManager().load_by_framework("pytorch")
    model = reader.convert(reader.load(decoder))
    model.reshape([1, *image_shape])
    for output, name in zip(model.outputs, names, strict=True):
        output.get_tensor().set_names({name})
    return model


def _write(path: Path, content: Any) -> None:
    """Write a file as a whole or not at all, for another process may read it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.getvalue() if hasattr(content, "getvalue") else content)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
