"""Weights of a vision transformer for images of another side: its position tables, resized.

The recipe that SAMed, SAM-Med2D and SAM-UNet share for SAM's weights of 1024 pixels at 256: the
absolute table as an image of the token grid, the relative tables of the blocks that see the whole
grid as an image of one row a distance, both bilinear with half-pixel centres and no antialiasing.
Windowed blocks keep their tables, for their windows stay as large as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor

ABSOLUTE = "image_encoder.pos_embed"
_RELATIVE = (".attn.rel_pos_h", ".attn.rel_pos_w")


def resize_position_tables(tensors: Mapping[str, Tensor], grid: int) -> dict[str, Tensor]:
    """Bring the tables of a token grid of any side to a grid of ``grid`` x ``grid``.

    Parameters
    ----------
    tensors
        Weights by published name: ``pos_embed`` (1, g, g, D), ``rel_pos_h`` and ``rel_pos_w``
        (2g - 1, D / heads) of global blocks, shorter or longer ones of windowed blocks.
    grid
        G, the wanted side in tokens.

    Returns
    -------
    All tensors by name; those of an equal grid, and of files without such a table, unchanged.
    """
    stored = tensors.get(ABSOLUTE)
    if stored is None or stored.ndim != 4 or stored.shape[1] == grid:
        return dict(tensors)
    rows = 2 * stored.shape[1] - 1  # of a relative table that spans the grid; windows have others
    resized = {
        name: _relative(tensor, grid)
        for name, tensor in tensors.items()
        if name.endswith(_RELATIVE) and tensor.shape[0] == rows
    }
    return {**tensors, **resized, ABSOLUTE: _absolute(stored, grid)}


def _absolute(table: Tensor, grid: int) -> Tensor:
    image = table.permute(0, 3, 1, 2).float()
    return _bilinear(image, (grid, grid)).permute(0, 2, 3, 1).contiguous()


def _relative(table: Tensor, grid: int) -> Tensor:
    return _bilinear(table[None, None].float(), (2 * grid - 1, table.shape[1]))[0, 0]


def _bilinear(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image, size=size, mode="bilinear", align_corners=False)
