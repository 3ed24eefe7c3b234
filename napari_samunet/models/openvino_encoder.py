"""OpenVINO encodes on a processor: the same network and weights, compiled for the machine.

An extra of the package (``pip install napari-samunet[openvino]``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from napari_samunet.models.encoder import Features
from napari_samunet.models.lean import lean
from napari_samunet.models.lean_attention import LeanAttention
from napari_samunet.models.openvino_network import OpenVinoNetwork, traced
from napari_samunet.models.promptable import Promptable


class OpenVinoEncoder:
    """Encodes single images with a compiled network.

    Parameters
    ----------
    network
        With ``encode``, on the CPU.
    image_shape
        (C, S, S) of its images.
    kept
        Where the compiled network is kept, see ``OpenVinoNetwork``.
    """

    precision = "openvino-float32"

    def __init__(
        self,
        network: nn.Module,
        image_shape: tuple[int, int, int],
        kept: Path | None = None,
    ) -> None:
        self._compiled = OpenVinoNetwork(lambda: traced_encoder(network, image_shape), kept)

    def encode(self, image: Tensor) -> Features:
        """Images (B, C, S, S) → features (B, …), one image after the other."""
        names = self._compiled.names
        each = [dict(zip(names, self._compiled(one), strict=True)) for one in image.split(1)]
        if len(each) == 1:
            return each[0]
        return {name: torch.cat([features[name] for features in each]) for name in names}


class _Encodes(nn.Module):
    """The encoding half of a network as a module, features in the order of their names."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        features = cast("Promptable", self.network).encode(image)
        return tuple(features[name] for name in sorted(features))


def traced_encoder(network: nn.Module, image_shape: tuple[int, int, int]) -> Any:
    """OpenVINO's form of the encoding half, its outputs named as the features are."""
    twin = lean(network, packed=False)
    for part in twin.modules():
        if isinstance(part, LeanAttention):
            part.fused = True
    image = torch.zeros(1, *image_shape)
    with torch.inference_mode():
        names = sorted(cast("Promptable", twin).encode(image))
    return traced(_Encodes(twin), (image,), [image.shape], names)
