"""What a network can do, and what an engine does in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor


class Decoder(Protocol):
    """Something that answers prompts."""

    def decode(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Features and prompts → logits (B, K, h, w), scores (B, K) or None."""


class Promptable(Decoder, Protocol):
    """What a system's network can do; see ``System.module``."""

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """Images (B, C, S, S) → features (B, …)."""


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
