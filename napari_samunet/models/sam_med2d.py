"""SAM-Med2D (arXiv 2308.16184): SAM ViT-B at 256 pixels with an adapter in every block."""

from __future__ import annotations

from functools import partial

import torch
from segment_anything.modeling.image_encoder import Block, window_partition, window_unpartition
from torch import Tensor, nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.sam import SIZES, Sam, at_side, build_sam, vit

SIDE = 256


class Adapter(nn.Module):
    """Channel gate and a strided detour through half resolution, added to the normed tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)  # eps 1e-5, unlike the ViT's own norms
        self.channel = nn.Sequential(
            nn.Linear(width, width // 4, bias=False),
            nn.ReLU(),
            nn.Linear(width // 4, width, bias=False),
            nn.Sigmoid(),
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(width, width, 3, 2, 1, bias=False),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, 2, 1, bias=False),
            nn.ReLU(),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, G, G, width) → the same shape."""
        channels_first = tokens.permute(0, 3, 1, 2)
        gate = self.channel(channels_first.mean((2, 3)))
        detour = self.spatial(channels_first * gate[:, :, None, None])
        return self.norm((channels_first + detour).permute(0, 2, 3, 1))


class AdaptedBlock(Block):
    """SAM's transformer block with an adapter beside its MLP."""

    def __init__(self, width: int, heads: int, window: int, grid: int) -> None:
        super().__init__(
            dim=width,
            num_heads=heads,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=window,
            input_size=(grid, grid),
        )
        self.Adapter = Adapter(width)  # the published name

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, G, G, width) → the same shape."""
        tokens = tokens + self._attend(self.norm1(tokens))
        normed = self.norm2(tokens)
        return tokens + self.mlp(normed) + self.Adapter(normed)

    def _attend(self, tokens: Tensor) -> Tensor:
        if self.window_size == 0:
            return self.attn(tokens)
        size = (tokens.shape[1], tokens.shape[2])
        windows, padded = window_partition(tokens, self.window_size)
        return window_unpartition(self.attn(windows), self.window_size, padded, size)


def build_sam_med2d(side: int = SIDE) -> Sam:
    """SAM-Med2D, untrained."""
    width, depth, heads, global_blocks = SIZES["b"]
    grid = side // 16
    with torch.no_grad():
        encoder = vit("b", side)
        encoder.blocks = nn.ModuleList(
            AdaptedBlock(width, heads, 0 if index in global_blocks else 14, grid)
            for index in range(depth)
        )
        return Sam(encoder, side, grid)


# The demo predictor's convention; training and the authors' tests feed blue, green, red instead.
CONTRACT = InputContract(
    side=SIDE,
    fit="stretch",
    resample="nearest",
    mask_side=64,
    feedback="sigmoid",
    candidates="best-of-three",
)
_POSITION = {"image_encoder.pos_embed": (1, 16, 16, 768)}
_ADAPTER = {"image_encoder.blocks.0.Adapter.spatial.0.weight": (768, 768, 3, 3)}

RECIPES = (
    Recipe(
        name="sam-med2d",
        title="SAM-Med2D",
        contract=CONTRACT,
        build=build_sam_med2d,
        signature=_POSITION | _ADAPTER,
    ),
    Recipe(
        name="sam-med2d-plain",
        title="SAM-Med2D without its adapters (the authors' SAM-Med2D*)",
        contract=CONTRACT,
        build=partial(build_sam, "b", side=SIDE),
        signature=_POSITION | _ADAPTER,
        hint="without-adapters",
        leave_out=(".Adapter.",),
    ),
    Recipe(
        name="ft-sam",
        title="FT-SAM (SAM ViT-B fine-tuned at 256, the baseline of SAM-Med2D)",
        contract=CONTRACT,
        build=partial(build_sam, "b", side=SIDE),
        signature=_POSITION,
        absent=("Adapter",),
    ),
)
RESIZED = tuple(at_side(recipe, 1024) for recipe in RECIPES)
