"""What turns images into features: torch on any device, or an engine made for a processor."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from napari_samunet.errors import BadUsage
from napari_samunet.models.promptable import Promptable

Features = dict[str, Tensor]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Encoder(Protocol):
    """One engine that encodes.

    Attributes
    ----------
    precision
        The engine and its kind of numbers; embeddings of equal ones may stand for each other.
    """

    precision: str

    def encode(self, image: Tensor) -> Features:
        """Normalised images (B, C, S, S) → features (B, …), float32 on the images' device."""


class TorchEncoder:
    """Torch's own.

    Parameters
    ----------
    network
        With ``encode``.
    precision
        ``"float32"``, or ``"bfloat16"`` and ``"float16"`` for the products of matrices on an
        accelerator; sums, norms and what leaves the encoder stay float32.
    device
        Where the network lies.

    Raises
    ------
    BadUsage
        There is no such precision, or the device computes in it no sooner.
    """

    def __init__(
        self,
        network: Promptable,
        precision: str = "float32",
        device: torch.device | str = "cpu",
    ) -> None:
        self.network, self.precision = network, precision
        self._device = torch.device(device).type
        if precision not in PRECISIONS:
            raise BadUsage(
                f"A precision is one of {', '.join(PRECISIONS)}, but {precision!r} came."
            )
        if precision != "float32" and self._device == "cpu":
            raise BadUsage(f"{precision} is for an accelerator; on the CPU choose float32.")

    @torch.inference_mode()
    def encode(self, image: Tensor) -> Features:
        """Images (B, C, S, S) → features (B, …) in float32."""
        half = self.precision != "float32"
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device, PRECISIONS[self.precision], enabled=half):
            features = self.network.encode(image)
        if not half:
            return features
        return {name: feature.float() for name, feature in features.items()}
