"""A network as the built-in one is, small enough for tests."""

from __future__ import annotations

from napari_samunet.models.samunet import SamUNetConfig

LIKE_BUILTIN = SamUNetConfig(
    image_size=64,
    in_channels=2,
    vit_width=32,
    vit_depth=4,
    vit_heads=2,
    window=0,
    global_blocks=(0, 1, 2, 3),
    embed_dim=32,
    conv="light",
    conv_widths=(16, 16, 16, 16),
    decoder="pyramid",
    decoder_widths=(16, 16, 16, 16),
    local_contrast=True,
)
