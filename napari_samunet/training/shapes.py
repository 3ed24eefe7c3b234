"""Shapes as level sets: below 1 inside, above 1 outside."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from napari_samunet.training.noise import uniform, whole

HARMONICS = (2, 3, 4)
ARMS = (3, 5)


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


def arc_level(generator: Generator, dx: Tensor, dy: Tensor, reach: Tensor, width: Tensor) -> Tensor:
    """Level of a piece of a ring, up to a whole one, its ends as broad as its middle or tapered:
    walls, crescents, horseshoes. Arguments as in ``tree_level``; ``reach`` is the ring's radius.
    """
    batch = len(dx)
    turn = uniform(generator, -math.pi, math.pi, batch, 1, 1)
    half = uniform(generator, 0.7, 3.6, batch, 1, 1).clamp(max=math.pi)
    taper = uniform(generator, -0.8, 0.8, batch, 1, 1).clamp(min=0)
    x, y = dx * turn.cos() + dy * turn.sin(), dy * turn.cos() - dx * turn.sin()
    y = y * uniform(generator, 0.7, 1.5, batch, 1, 1)
    direction = torch.atan2(y, x)
    nearest = direction.maximum(-half).minimum(half)
    apart = torch.hypot(x - reach * nearest.cos(), y - reach * nearest.sin())
    return apart / (width * (1 - taper * (nearest / half) ** 2))


def tree_level(
    generator: Generator, dx: Tensor, dy: Tensor, reach: Tensor, width: Tensor
) -> Tensor:
    """Level of arms that leave one place, bowed and of any length, as vessels, fingers of edema or
    the columns of a spinal cord do: offsets from that place (B, h, w) to level.

    Parameters
    ----------
    dx, dy
        (B, h, w), offsets from where the arms meet, in the unit of ``reach``.
    reach, width
        (B, 1, 1) each: the length of the longest arm, and half an arm's breadth.
    """
    batch = len(dx)
    arms = whole(generator, *ARMS)
    turn = uniform(generator, 0, 2 * math.pi, batch, 1, 1)
    level = torch.full_like(dx, torch.inf)
    for arm in range(arms):
        angle = turn + 2 * math.pi / arms * (arm + uniform(generator, -0.35, 0.35, batch, 1, 1))
        length = reach * uniform(generator, 0.4, 1, batch, 1, 1)
        along = dx * angle.cos() + dy * angle.sin()
        across = dy * angle.cos() - dx * angle.sin()
        across = across + uniform(generator, -1, 1, batch, 1, 1) * along * along / length
        beyond = along - along.clamp(min=0).minimum(length)
        level = level.minimum((across * across + beyond * beyond).sqrt() / width)
    return level
