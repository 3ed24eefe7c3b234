"""OpenVINO answers prompts on a processor.

A prompt costs some hundred small operations of torch, each of which asks for Python's lock and
wakes threads; compiled, they are one. Prompts become tokens and maps in torch, which is a small
share, and the mask decoder is compiled for any number of tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from napari_samunet.models.openvino_network import OpenVinoNetwork, traced
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.promptable import Divided


class OpenVinoDecoder:
    """Answers one set of prompts on one image with a compiled mask decoder.

    Parameters
    ----------
    network
        On the CPU; what draws the prompts, and what is compiled.
    features
        Gives those of one image, whatever it shows: their shapes count. Called only where nothing
        is kept.
    kept
        Where the compiled network is kept, see ``OpenVinoNetwork``.
    """

    def __init__(
        self,
        network: Divided,
        features: Callable[[], Mapping[str, Tensor]],
        kept: Path | None = None,
    ) -> None:
        self._network = network
        self._compiled = OpenVinoNetwork(lambda: _traced(network, features()), kept)

    @torch.inference_mode()
    def decode(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, Tensor | None]:
        """Features and prompts (B = 1) → logits (1, K, h, w), scores (1, K) or None."""
        given = self._network.prompted(features, prompts)
        logits, *scores = self._compiled(*given)
        return logits, scores[0] if scores else None


class _Answers(nn.Module):
    """The answering half of a network as a module that gives no None."""

    def __init__(self, network: Divided) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        logits, scores = self.network.answered(*given)
        return (logits,) if scores is None else (logits, scores)


def _traced(network: Divided, features: Mapping[str, Tensor]) -> Any:
    """OpenVINO's form of the answering half; lengths that differ with the clicks stay open."""
    with torch.inference_mode():
        one, two = (
            network.prompted(
                features, PromptTensors(torch.zeros(1, clicks, 2), torch.ones(1, clicks).long())
            )
            for clicks in (1, 2)
        )
        parts = len([part for part in network.answered(*one) if part is not None])
    shapes = [
        [length if length == other else -1 for length, other in zip(a.shape, b.shape, strict=True)]
        for a, b in zip(one, two, strict=True)
    ]
    example = tuple(tensor.clone(memory_format=torch.contiguous_format) for tensor in one)
    return traced(_Answers(network), example, shapes, ("logits", "scores")[:parts])
