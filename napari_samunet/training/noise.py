"""Random numbers and smooth random fields on any device, from one generator."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def uniform(generator: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Uniform numbers in [low, high)."""
    device = generator.device
    return low + (high - low) * torch.rand(shape, generator=generator, device=device)


def normal(generator: Generator, *shape: int) -> Tensor:
    """Normal numbers of mean 0 and deviation 1."""
    return torch.randn(shape, generator=generator, device=generator.device)


def log_uniform(generator: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Numbers whose logarithm is uniform between those of low and high."""
    return uniform(generator, math.log(low), math.log(high), *shape).exp()


def chance(generator: Generator, probability: float, *shape: int) -> Tensor:
    """True with the given probability."""
    return torch.rand(shape, generator=generator, device=generator.device) < probability


def whole(generator: Generator, low: int, high: int) -> int:
    """One whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (1,), generator=generator, device=generator.device))


def smooth_field(generator: Generator, batch: int, fields: int, cells: int, side: int) -> Tensor:
    """Smooth noise (batch, fields, side, side) from ``cells`` + 1 normal knots per axis."""
    knots = torch.randn(
        batch, fields, cells + 1, cells + 1, generator=generator, device=generator.device
    )
    if cells + 1 == side:
        return knots
    return F.interpolate(knots, size=(side, side), mode="bicubic", align_corners=True)


def blur(images: Tensor, sigma_rows: Tensor, sigma_cols: Tensor, radius: int = 5) -> Tensor:
    """Gaussian blur of each image (B, H, W) with its own sigma in pixels along rows and columns,
    each (B,).
    """
    offsets = torch.arange(-radius, radius + 1, device=images.device, dtype=images.dtype)
    batch = images.shape[0]
    padded = F.pad(images[None], (radius,) * 4, mode="reflect")
    for sigma, shape in ((sigma_rows, (batch, 1, -1, 1)), (sigma_cols, (batch, 1, 1, -1))):
        kernel = torch.exp(-(offsets**2) / (2 * sigma.clamp(min=0.05)[:, None] ** 2))
        kernel = (kernel / kernel.sum(1, keepdim=True)).view(shape)
        padded = F.conv2d(padded, kernel, groups=batch)
    return padded[0]
