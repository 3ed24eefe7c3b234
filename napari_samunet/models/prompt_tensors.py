"""Prompts as networks are given them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, eq=False)
class PromptTensors:
    """Prompts on B encoded images, in the model frame; None where there are none of a kind.

    Attributes
    ----------
    points_xy
        (B, P, 2) float, (x, y) in model pixels.
    labels
        (B, P) int64, 1 positive, 0 negative, -1 padding; there with the points.
    box_xyxy
        (B, 4) float, x0, y0, x1, y1 in model pixels.
    mask_logits
        (B, 1, h, w) float logits with h = w = ``contract.mask_side``.
    is_drawn
        Whether these are of a mask that says what is meant, not of the model's own earlier answer.
    first_only
        Whether only the first mask is wanted, so that a network may leave out the others.
    """

    points_xy: Tensor | None = None
    labels: Tensor | None = None
    box_xyxy: Tensor | None = None
    mask_logits: Tensor | None = None
    is_drawn: bool = False
    first_only: bool = False

    @classmethod
    def of(
        cls,
        points_xy: NDArray[np.floating] | None = None,
        labels: NDArray[np.integer] | None = None,
        box_xyxy: NDArray[np.floating] | None = None,
        mask_logits: NDArray[np.floating] | Tensor | None = None,
        is_drawn: bool = False,
    ) -> PromptTensors:
        """Prompts on one image from (P, 2), (P,), (4,) and (1, h, w); None or empty is absent."""
        clicked = labels is not None and len(labels) > 0
        return cls(
            torch.as_tensor(np.asarray(points_xy), dtype=torch.float32)[None] if clicked else None,
            torch.as_tensor(np.asarray(labels), dtype=torch.int64)[None] if clicked else None,
            None
            if box_xyxy is None
            else torch.as_tensor(np.asarray(box_xyxy), dtype=torch.float32)[None],
            None
            if mask_logits is None
            else torch.as_tensor(mask_logits, dtype=torch.float32)[None],
            is_drawn,
        )

    def to(self, device: torch.device | str) -> PromptTensors:
        """Return the same prompts on a device."""

        def moved(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(device)

        return replace(
            self,
            points_xy=moved(self.points_xy),
            labels=moved(self.labels),
            box_xyxy=moved(self.box_xyxy),
            mask_logits=moved(self.mask_logits),
        )

    @property
    def points(self) -> tuple[Tensor, Tensor] | None:
        """The clicks as SAM's prompt encoder takes them: places and labels."""
        if self.points_xy is None or self.labels is None:
            return None
        return self.points_xy, self.labels

    @property
    def clicks(self) -> int:
        """Number of clicks on each image, padding included."""
        return 0 if self.labels is None else self.labels.shape[1]

    @property
    def is_one_click(self) -> bool:
        """Whether this is a single positive click on each image and nothing else."""
        alone = self.box_xyxy is None and self.mask_logits is None
        return (
            alone and self.labels is not None and self.clicks == 1 and bool(self.labels.eq(1).all())
        )

    def with_clicks(self, points_xy: Tensor, labels: Tensor) -> PromptTensors:
        """Return these prompts and further clicks, (B, P, 2) and (B, P)."""
        if self.points_xy is not None and self.labels is not None:
            points_xy = torch.cat([self.points_xy, points_xy], 1)
            labels = torch.cat([self.labels, labels], 1)
        return replace(self, points_xy=points_xy, labels=labels)
