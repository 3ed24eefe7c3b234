"""Shapes as level sets: below 1 inside, above 1 outside."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from napari_samunet.training.noise import uniform

HARMONICS = (2, 3, 4)


def ellipse_level(
    generator: Generator,
    dx: Tensor,
    dy: Tensor,
    half_axes: tuple[Tensor, Tensor],
    angle: Tensor,
    rough: Tensor | float,
    bend: Tensor | float = 0.0,
    power: float = 2.0,
) -> Tensor:
    """Level of one ellipse a scene whose edge waves: offsets from its centre (B, h, w) to level.

    Parameters
    ----------
    dx, dy
        (B, h, w), offsets from the centre, in the unit of ``half_axes``.
    half_axes, angle
        (B, 1, 1) each; the angle in radians turns the first axis away from x.
    rough
        How far the edge waves with harmonics 2 to 4, as a share of the radius.
    bend
        Bows the first axis: 0 for an ellipse, 0.3 for a kidney, 0.8 for a crescent.
    power
        2 for an ellipse, more for boxes with round corners.
    """
    u = (dx * angle.cos() + dy * angle.sin()) / half_axes[0]
    v = (dy * angle.cos() - dx * angle.sin()) / half_axes[1]
    v = v + bend * (u * u - 0.33)
    r = (u * u + v * v).sqrt().clamp(min=1e-6)
    cos1, sin1 = u / r, v / r
    cos_k, sin_k, edge = cos1, sin1, torch.ones_like(r)
    for k in HARMONICS:
        cos_k, sin_k = cos_k * cos1 - sin_k * sin1, sin_k * cos1 + cos_k * sin1
        a, b = (uniform(generator, -1.5, 1.5, len(dx), 1, 1) * rough / k for _ in range(2))
        edge = edge + a * cos_k + b * sin_k
    if power != 2:
        r = (u.abs() ** power + v.abs() ** power) ** (1 / power)
    return r / edge.clamp(min=0.2)
