"""The published mask decoder of SAM-UNet: one mask, no score.

Paper: arXiv 2408.09886; the names of the modules are those of the published state dicts.
"""

from __future__ import annotations

import torch
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.mask_decoder import MLP
from segment_anything.modeling.transformer import TwoWayTransformer
from torch import Tensor, nn


class SamParts(nn.Module):
    """What is kept of SAM's mask decoder, under its published names."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.transformer = TwoWayTransformer(
            depth=2, embedding_dim=embed_dim, num_heads=8, mlp_dim=2048
        )
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(embed_dim, embed_dim // 4, 2, 2),
            LayerNorm2d(embed_dim // 4),
            nn.GELU(),
            nn.ConvTranspose2d(embed_dim // 4, embed_dim // 8, 2, 2),
            nn.GELU(),
        )


class SingleMaskDecoder(nn.Module):
    """One token, one kernel, one mask, read from the multi-scale features.

    Parameters
    ----------
    embed_dim
        Channels D of the embedding and of the prompt tokens.
    """

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        width = embed_dim // 8
        self.sam_mask_decoder = SamParts(embed_dim)
        self.med_token = nn.Embedding(1, embed_dim)
        self.hf_mlp = MLP(embed_dim, embed_dim, width, 3)
        self.embedding_maskfeature = nn.Sequential(
            nn.Conv2d(width, 2 * width, 3, 1, 1),
            LayerNorm2d(2 * width),
            nn.GELU(),
            nn.Conv2d(2 * width, width, 3, 1, 1),
        )

    def forward(
        self,
        position: Tensor,
        sparse: Tensor,
        dense: Tensor,
        embedding: Tensor,
        multi_scale: Tensor,
    ) -> tuple[Tensor, None]:
        """Return logits (B, 1, 4G, 4G) and no score.

        Parameters
        ----------
        position
            Position code of the token grid, (1, D, G, G).
        sparse, dense
            Prompt tokens (B, P, D) and the mask prompt (B, D, G, G), from SAM's prompt encoder.
        embedding, multi_scale
            Features (B, D, G, G) and (B, D / 8, 4G, 4G).
        """
        tokens = torch.cat([self.med_token.weight.expand(len(sparse), -1, -1), sparse], 1)
        source = embedding + dense
        position = position.expand(len(source), -1, -1, -1)
        queries, keys = self.sam_mask_decoder.transformer(source, position, tokens)
        upscaled = self.sam_mask_decoder.output_upscaling(
            keys.transpose(1, 2).reshape(source.shape)
        )
        mask_features = self.embedding_maskfeature(upscaled) + multi_scale
        kernel = self.hf_mlp(queries[:, 0])
        return torch.einsum("bc,bchw->bhw", kernel, mask_features)[:, None], None
