"""What a network can do, and what an engine does in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor, nn


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


class Divided(nn.Module):
    """A network that answers prompts in two steps: it draws them, and its mask decoder answers."""

    def decode(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """Masks for prompts on encoded images.

        Parameters
        ----------
        features
            What ``encode`` gave for B images.
        points_xy, labels
            (B, N, 2) float, (x, y) in model pixels, and (B, N) int: 1 positive, 0 negative, -1
            padding; or None.
        box_xyxy
            (B, 4) float, x0, y0, x1, y1 in model pixels, or None.
        mask_logits
            Earlier logits, (B, 1, h, w) with h = w = the contract's mask side, or None.

        Returns
        -------
        logits (B, K, h, w), and scores (B, K) (predicted IoU) or None where none is predicted.
        """
        return self.answered(*self.prompted(features, points_xy, labels, box_xyxy, mask_logits))

    def prompted(
        self,
        features: Mapping[str, Tensor],
        points_xy: Tensor | None,
        labels: Tensor | None,
        box_xyxy: Tensor | None,
        mask_logits: Tensor | None,
    ) -> tuple[Tensor, ...]:
        """Features and prompts, as in ``decode`` → what the mask decoder is given."""
        raise NotImplementedError

    def answered(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the mask decoder is given → logits and scores, as in ``decode``."""
        raise NotImplementedError
