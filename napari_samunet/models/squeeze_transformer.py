"""The light two-way transformer of SqueezeSAM (arXiv 2312.06736)."""

from __future__ import annotations

from segment_anything.modeling.transformer import Attention
from torch import Tensor, nn

EMBED_DIM = 256


class Mlp(nn.Module):
    """Linear layers with ReLU between them, under the published names."""

    def __init__(self, width: int, hidden_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(EMBED_DIM, EMBED_DIM), nn.ReLU()) for _ in range(hidden_layers)
        )
        self.fc = nn.Linear(EMBED_DIM, width)

    def forward(self, x: Tensor) -> Tensor:
        """(…, EMBED_DIM) → (…, width)."""
        for layer in self.layers:
            x = layer(x)
        return self.fc(x)


class LightBlock(nn.Module):
    """One two-way block; the tokens' first values are their position code, pixels have none."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = Attention(EMBED_DIM, 8)
        self.norm1 = nn.LayerNorm(EMBED_DIM)
        self.cross_attn_token_to_image = Attention(EMBED_DIM, 8, downsample_rate=2)
        self.norm2 = nn.LayerNorm(EMBED_DIM)
        self.mlp = Mlp(EMBED_DIM, 1)
        self.norm3 = nn.LayerNorm(EMBED_DIM)
        self.norm4 = nn.LayerNorm(EMBED_DIM)
        self.cross_attn_image_to_token = Attention(EMBED_DIM, 8, downsample_rate=2)

    def forward(self, queries: Tensor, keys: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, T, 256) and pixels (B, N, 256), each after seeing the other."""
        queries = self.norm1(queries + self.self_attn(q=queries, k=queries, v=queries))
        seen = self.cross_attn_token_to_image(q=queries + code, k=keys, v=keys)
        queries = self.norm2(queries + seen)
        queries = self.norm3(queries + self.mlp(queries))
        seen = self.cross_attn_image_to_token(q=keys, k=queries + code, v=queries)
        return queries, self.norm4(keys + seen)


class LightTransformer(nn.Module):
    """Two light blocks and a last look of the tokens at the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LightBlock() for _ in range(2))
        self.final_attn_token_to_image = Attention(EMBED_DIM, 8, downsample_rate=2)
        self.norm_final_attn = nn.LayerNorm(EMBED_DIM)

    def forward(self, tokens: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, T, 256) and pixels (B, N, 256), transformed."""
        queries, keys = self.layers[0](tokens, keys, tokens)
        # From the second block on the code stays in the queries, values included.
        queries, keys = self.layers[1](queries + tokens, keys, tokens)
        seen = self.final_attn_token_to_image(q=queries + tokens, k=keys, v=keys)
        return self.norm_final_attn(queries + seen), keys
