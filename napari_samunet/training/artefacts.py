"""Artefacts of acquisition: streaks around metal in CT, ghosts of what moved in MR."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from napari_samunet.training.noise import chance, smooth_field, uniform, whole

METAL = 0.07  # of the CT scenes
MOVED = 0.12  # of the MR scenes
_DIRECTIONS = 512


def add_streaks(generator: Generator, image: Tensor) -> Tensor:
    """Put one or two pieces of metal, with the streaks that radiate from them, into some of the
    images (B, S, S).
    """
    batch, side = len(image), image.shape[-1]
    there = chance(generator, METAL, batch, 1, 1)
    if not there.any():
        return image
    axis = (torch.arange(side, device=image.device) + 0.5) / side
    for _ in range(whole(generator, 1, 2)):
        dx = axis.view(1, 1, side) - uniform(generator, 0.2, 0.8, batch, 1, 1)
        dy = axis.view(1, side, 1) - uniform(generator, 0.2, 0.8, batch, 1, 1)
        far = (dx * dx + dy * dy).sqrt()
        size = uniform(generator, 0.01, 0.035, batch, 1, 1)
        fading = (size / far.maximum(size)) ** uniform(generator, 0.5, 1.2, batch, 1, 1)
        strength = uniform(generator, 0.1, 0.8, batch, 1, 1)
        streaks = image + strength * fading * _around(generator, dx, dy)
        image = torch.where(there, torch.where(far < size, 2.0, streaks), image)
    return image


def _around(generator: Generator, dx: Tensor, dy: Tensor) -> Tensor:
    """Noise (B, S, S) that changes with the direction alone."""
    batch = len(dx)
    rays = smooth_field(generator, batch, 1, whole(generator, 16, 60), _DIRECTIONS)[:, 0, 0]
    angle = torch.atan2(dy, dx) + uniform(generator, 0, 2 * math.pi, batch, 1, 1)
    turn = (angle % (2 * math.pi) - math.pi).abs() / math.pi  # mirrored, so that it has no seam
    place = (turn * _DIRECTIONS).long().clamp(max=_DIRECTIONS - 1)
    return rays.gather(1, place.flatten(1)).view_as(place)


def add_ghosts(generator: Generator, image: Tensor) -> Tensor:
    """Repeat some of the images (B, S, S) faintly along the phase direction, as breathing and pulse
    do.
    """
    batch = len(image)
    strength = uniform(generator, 0.03, 0.2, batch, 1, 1) * chance(generator, MOVED, batch, 1, 1)
    side, direction = image.shape[-1], whole(generator, 1, 2)
    step = whole(generator, side // 12, side // 3)
    ghosts = image.roll(step, direction) + image.roll(-step, direction)
    return (1 - strength) * image + strength * 0.5 * ghosts
