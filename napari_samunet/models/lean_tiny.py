"""TinyViT, sooner on a processor: attention in one kernel, and no second copy of large maps."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def quicken_tiny(trunk: nn.Module) -> None:
    """Change timm's TinyViT, in evaluation mode, in place; its answers differ by rounding."""
    from timm.models.tiny_vit import Attention  # slow to import, and only these networks need it

    for part in list(trunk.modules()):
        for name, child in list(part.named_children()):
            if type(child) is Attention:
                setattr(part, name, BiasedAttention(child))
            elif type(child) is nn.GELU:
                setattr(part, name, OverwritingGelu())


class BiasedAttention(nn.Module):
    """TinyViT's attention within windows, sharing the plain one's weights.

    Torch's fused kernel for a processor takes biases with all four axes only; those of timm have
    three, and go a way that writes every map of scores six times.
    """

    bias: Tensor

    def __init__(self, plain: Any) -> None:
        super().__init__()
        self.norm, self.qkv, self.proj = plain.norm, plain.qkv, plain.proj
        self.heads = plain.num_heads
        self.widths = [plain.key_dim, plain.key_dim, plain.val_dim]
        bias = plain.attention_biases.detach()[:, plain.attention_bias_idxs]
        self.register_buffer("bias", bias[None], persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) → the same shape."""
        heads = self.qkv(self.norm(tokens)).unflatten(2, (self.heads, -1)).transpose(1, 2)
        query, key, value = heads.split(self.widths, 3)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=self.bias)
        return self.proj(seen.transpose(1, 2).flatten(2))


class OverwritingGelu(nn.Module):
    """GELU that writes over what it is given: fresh memory for a large map costs more than it."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; ``x`` is the result."""
        return F.gelu(x) if torch.jit.is_tracing() else torch.ops.aten.gelu_(x)
