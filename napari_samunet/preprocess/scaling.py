"""Planes of numbers at another size, as torch scales them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array

from napari_samunet.types import FloatArray


def resize(
    planes: torch.Tensor, size: tuple[int, int], mode: str = "bilinear", antialias: bool = False
) -> torch.Tensor:
    """Scale planes (B, C, h, w) to (B, C, H, W), corners not aligned."""
    if planes.shape[-2:] == size:
        return planes
    return F.interpolate(planes, size=size, mode=mode, align_corners=False, antialias=antialias)


@lru_cache(maxsize=16)
def two_steps(size: int, side: int, shown: int, wanted: int) -> csr_array:
    """Bilinear from ``size`` to ``side`` pixels, cut to those shown, bilinear to ``wanted``.

    Both steps are linear, so that one matrix (wanted, size) is both, without the picture between.
    Almost all of it is zero.
    """
    each = torch.eye(size, dtype=torch.float64)[None, None]
    both = resize(resize(each, (side, size))[:, :, :shown], (wanted, size))[0, 0]
    return csr_array(both.float().numpy())


def interpolate(plane: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Scale one plane (h, w) to (H, W), bilinear, averaging where it shrinks."""
    planes = torch.from_numpy(np.ascontiguousarray(plane))[None, None]
    return resize(planes, size, antialias=True)[0, 0].numpy()


def by_probability(planes: torch.Tensor, size: tuple[int, int]) -> FloatArray:
    """Scale logits (1, 1, h, w) as the probabilities that they stand for: logits (H, W)."""
    return torch.logit(resize(planes.sigmoid(), size), eps=1e-6)[0, 0].numpy()
