"""What a network can do, and what an engine does in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor, nn

from napari_samunet.models.prompt_tensors import PromptTensors


class Decoder(Protocol):
    """Something that answers prompts."""

    def decode(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, Tensor | None]:
        """Features and prompts → logits (B, K, h, w), scores (B, K) or None; K may be 1 where the
        prompts want only the first mask.
        """


class Promptable(Decoder, Protocol):
    """What a system's network can do; see ``System.module``."""

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """Images (B, C, S, S) → features (B, …)."""


class Divided(nn.Module):
    """A network that answers prompts in two steps: it draws them, and its mask decoder answers."""

    def decode(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, Tensor | None]:
        """Masks for prompts on encoded images.

        Parameters
        ----------
        features
            What ``encode`` gave for B images.
        prompts
            On the same B images.

        Returns
        -------
        logits (B, K, h, w), and scores (B, K) (predicted IoU) or None where none is predicted;
        K may be 1 where only the first mask is wanted.
        """
        given = self.prompted(features, prompts)
        return self.answered_first(*given) if prompts.first_only else self.answered(*given)

    def prompted(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, ...]:
        """Features and prompts, as in ``decode`` → what the mask decoder is given."""
        raise NotImplementedError

    def answered(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the mask decoder is given → logits and scores, as in ``decode``."""
        raise NotImplementedError

    def answered_first(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        """The same where only the first mask is wanted; the others may be left out."""
        return self.answered(*given)
