"""Radiographs: what lies along a ray adds up, so that organs shade off towards their thin edges and
ribs show within the lungs as beside them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from napari_samunet.training.anatomy import AIR
from napari_samunet.training.noise import blur, chance, smooth_field, uniform, whole


def shine_through(generator: Generator, image: Tensor, ids: Tensor) -> Tensor:
    """Turn grey values per organ (B, S, S) into a projection of the body that they make up."""
    batch, side = len(image), image.shape[-1]
    share = uniform(generator, 0.2, 0.7, batch, 1, 1)
    image = (1 - share) * image + share * _spread(generator, image)
    axis = (torch.arange(side, device=image.device) + 0.5) / side - 0.5
    x, y = axis.view(1, 1, side), axis.view(1, side, 1)
    inside = blur((ids != AIR).float(), *(torch.full((2, batch), 3.0, device=image.device)))
    slope = uniform(generator, -0.3, 0.3, batch, 1, 1) * y
    clouds = smooth_field(generator, batch, 1, whole(generator, 3, 6), side)[:, 0]
    clouds = uniform(generator, 0, 0.07, batch, 1, 1) * clouds
    bones = uniform(generator, 0, 0.1, batch, 1, 1) * _ribs(generator, x, y, batch)
    bones = bones + uniform(generator, 0, 0.15, batch, 1, 1) * _clavicles(generator, x, y, batch)
    return _marked(generator, image + inside * (bones + clouds + slope))


def _spread(generator: Generator, image: Tensor) -> Tensor:
    """The image smoothed over a tenth of its side, as thickness changes across an organ."""
    batch, side = len(image), image.shape[-1]
    coarse = F.avg_pool2d(image[:, None], 8)[:, 0]
    sigma = uniform(generator, 0.8, 2.5, batch)
    wide = blur(coarse, sigma, sigma)[:, None]
    return F.interpolate(wide, size=(side, side), mode="bicubic", align_corners=False)[:, 0]


def _ribs(generator: Generator, x: Tensor, y: Tensor, batch: int) -> Tensor:
    """Two families of arches that cross: behind, falling outwards; in front, rising."""
    total = torch.zeros(batch, y.shape[1], x.shape[2], device=x.device)
    for bend in (-1.0, 1.0):
        steep = bend * uniform(generator, 0.3, 1.8, batch, 1, 1)
        turns = uniform(generator, 6, 12, batch, 1, 1)
        phase = 6.2832 * (turns * (y + steep * (x.abs() - 0.22) ** 2) + uniform(generator, 0, 1, 1))
        band = (6 * (torch.sin(phase) - uniform(generator, 0, 0.6, batch, 1, 1))).sigmoid()
        rim = 4 * band * (1 - band)  # the cortex shows at both edges of a rib
        total = total + uniform(generator, 0, 1, batch, 1, 1) * (band + 0.5 * rim)
    middle = (20 * (x.abs() - 0.08)).sigmoid()
    return total * middle


def _clavicles(generator: Generator, x: Tensor, y: Tensor, batch: int) -> Tensor:
    """A bar on either side that falls towards the middle, across the tips of the lungs."""
    height = uniform(generator, -0.38, -0.18, batch, 1, 1)
    fall = uniform(generator, -0.1, 0.35, batch, 1, 1)
    thick = uniform(generator, 0.008, 0.022, batch, 1, 1)
    line = y - height + fall * (x.abs() - 0.05)
    ends = (80 * (x.abs() - 0.05)).sigmoid() * (80 * (0.33 - x.abs())).sigmoid()
    return (300 * (thick - line.abs())).sigmoid() * ends


def _marked(generator: Generator, image: Tensor) -> Tensor:
    """Now and then a black or white plate in a corner, where names were or the side is written."""
    side = image.shape[-1]
    for scene in image:
        if chance(generator, 0.4, 1):
            high, wide = whole(generator, 4, side // 10), whole(generator, 6, side // 5)
            top = 0 if whole(generator, 0, 2) else side - high
            left = whole(generator, 0, side - wide)
            scene[top : top + high, left : left + wide] = float(whole(generator, 0, 1))
    return image
