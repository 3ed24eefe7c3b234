"""What turns images into features, and prompts into masks: torch on any device, or an engine made
for a processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from napari_samunet.errors import BadUsage

Features = dict[str, Tensor]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Promptable(Protocol):
    """What a system's network can do; see ``System.module``."""

    def encode(self, image: Tensor) -> Features:
        """Images (B, C, S, S) → features (B, …)."""

    def decode(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Features and prompts → logits (B, K, h, w), scores (B, K) or None."""


class Divided(Promptable, Protocol):
    """A network whose ``decode`` is ``answered`` of what is ``prompted``."""

    def prompted(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, ...]:
        """Features and prompts → what the mask decoder is given."""

    def answered(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the mask decoder is given → logits (B, K, h, w), scores (B, K) or None."""


class Decoder(Protocol):
    """One engine that answers prompts."""

    def decode(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Features and prompts (B = 1) → logits (1, K, h, w), scores (1, K) or None."""


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
