"""A network as the built-in one is, small enough for tests."""

from __future__ import annotations

from dataclasses import replace

from napari_samunet.models.samunet import MEMBERS

LIKE_BUILTIN = replace(
    MEMBERS["builtin"],
    image_size=64,
    vit_width=32,
    vit_heads=2,
    embed_dim=32,
    conv_widths=(16, 16, 16, 16),
    decoder_widths=(16, 16, 16, 16),
)
