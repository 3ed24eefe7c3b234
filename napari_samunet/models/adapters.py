"""The small convolutions that carry features between the branches (SAM-UNet, arXiv 2408.09886)."""

from __future__ import annotations

from segment_anything.modeling.common import LayerNorm2d
from torch import Tensor, nn


class Reshaper(nn.Module):
    """Bring a conv map of ``width`` channels at ``stride`` to the token grid of ``vit_width``.

    Every halving is a strided 3 x 3 convolution that doubles the channels; a map coarser than the
    tokens is upsampled by a transposed convolution that halves them. A 1 x 1 convolution ends it.
    """

    def __init__(self, width: int, stride: int, vit_width: int, patch_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        while stride < patch_size:
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), LayerNorm2d(2 * width), nn.GELU()]
            width, stride = 2 * width, 2 * stride
        if stride > patch_size:
            layers += [
                nn.ConvTranspose2d(width, width // 2, 2, 2),
                LayerNorm2d(width // 2),
                nn.GELU(),
            ]
            width //= 2
        self.reshaper = nn.Sequential(*layers, nn.Conv2d(width, vit_width, 1))

    def forward(self, conv_map: Tensor) -> Tensor:
        """(B, width, H, W) → (B, vit_width, G, G)."""
        return self.reshaper(conv_map)


def bridge(vit_width: int) -> nn.Sequential:
    """Carry early tokens (B, vit_width, G, G) to the mask decoder: (B, 32, 4G, 4G)."""
    return nn.Sequential(
        nn.ConvTranspose2d(vit_width, 256, 2, 2),
        LayerNorm2d(256),
        nn.GELU(),
        nn.ConvTranspose2d(256, 32, 2, 2),
    )


def upscaler(embed_dim: int) -> nn.Sequential:
    """Upscale the final embedding (B, embed_dim, G, G) to the mask side: (B, 32, 4G, 4G)."""
    return nn.Sequential(
        nn.ConvTranspose2d(embed_dim, 64, 2, 2),
        LayerNorm2d(64),
        nn.GELU(),
        nn.ConvTranspose2d(64, 32, 2, 2),
    )
