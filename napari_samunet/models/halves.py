"""The two halves of a system's work, each of which an engine of its own may do."""

from __future__ import annotations

import copy
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import torch

from napari_samunet.models.encoder import Encoder, Features, TorchEncoder
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.promptable import Decoder, Divided, Promptable
from napari_samunet.models.system import System


class Half(Protocol):
    """One half."""

    name: str
    system: System

    @property
    def is_taken(self) -> bool:
        """Whether another engine than torch's does it."""

    def own(self) -> Any:
        """The engine that does it now."""

    def compile(self, kept: Path | None) -> Any:
        """OpenVINO's engine."""

    def give(self, engine: Any) -> None:
        """Let an engine do this half from now on."""

    def work(self, engine: Any) -> Features:
        """What an engine makes of noise."""


class Encoding:
    """Images into features."""

    name = "encoder"

    def __init__(self, system: System) -> None:
        self.system = system
        self._image = torch.rand(1, *_image_shape(system))

    @property
    def is_taken(self) -> bool:
        """Whether another than torch's encodes."""
        return not isinstance(self.system.encoder, TorchEncoder)

    def own(self) -> Encoder:
        """The encoder that works now."""
        return self.system.encoder

    def compile(self, kept: Path | None) -> Encoder:
        """OpenVINO's encoder."""
        from napari_samunet.models.openvino_encoder import OpenVinoEncoder

        return OpenVinoEncoder(self.system.module, _image_shape(self.system), kept=kept)

    def give(self, engine: Encoder) -> None:
        """Let an engine encode from now on."""
        self.system.encoder = engine

    def work(self, engine: Encoder) -> Features:
        """Features of an image of noise."""
        return engine.encode(self._image)


class Decoding:
    """Prompts into masks."""

    name = "decoder"

    def __init__(self, system: System) -> None:
        self.system = system

    @property
    def is_taken(self) -> bool:
        """Whether another than torch's answers."""
        return self.system.decoder is not self.system.network

    def own(self) -> Decoder:
        """The decoder that works now."""
        return self.system.decoder

    def compile(self, kept: Path | None) -> Decoder:
        """OpenVINO's decoder."""
        from napari_samunet.models.openvino_decoder import OpenVinoDecoder

        return OpenVinoDecoder(cast("Divided", self.system.network), lambda: self._features, kept)

    def give(self, engine: Decoder) -> None:
        """Let an engine answer from now on."""
        self.system.decoder = engine

    @torch.inference_mode()
    def work(self, engine: Decoder) -> Features:
        """Masks for a click in the middle of noise."""
        side = self.system.contract.side
        point, label = torch.full((1, 1, 2), side / 2), torch.ones(1, 1, dtype=torch.int64)
        logits, scores = engine.decode(self._features, PromptTensors(point, label))
        return {"logits": logits} if scores is None else {"logits": logits, "scores": scores}

    @cached_property
    def _features(self) -> Features:
        """Noise in the shape of features, found without encoding anything."""
        module = self.system.module
        tensors = (*module.parameters(), *module.buffers())
        shapes = copy.deepcopy(module, {id(tensor): tensor.to("meta") for tensor in tensors})
        with torch.inference_mode():
            features = cast("Promptable", shapes).encode(
                torch.empty(1, *_image_shape(self.system), device="meta")
            )
        return {name: torch.randn(feature.shape) for name, feature in features.items()}


def _image_shape(system: System) -> tuple[int, int, int]:
    contract = system.contract
    return contract.channels, contract.side, contract.side
