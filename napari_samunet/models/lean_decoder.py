"""SAM's mask decoder with equal answers and less work for each click.

A click is a handful of tokens against thousands of pixels. The plain form projects every pixel to
keys, values and queries in each of five attentions. Matrices may be multiplied in another order:
here the tokens are brought into the pixels' space instead, head by head, and the pixels stay as
they are. The way up is matrix products on pixels with their channels last, and only the masks are
put into the order of an image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from segment_anything.modeling import MaskDecoder, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.transformer import Attention, TwoWayAttentionBlock
from torch import Tensor, nn

MOST_TOKENS = 16
"""With more tokens than that, eight heads of them are more work than the pixels."""


class LeanTwoWay(nn.Module):
    """SAM's two-way transformer, sharing the plain one's weights."""

    def __init__(self, plain: TwoWayTransformer) -> None:
        super().__init__()
        self.plain = plain
        self.layers = nn.ModuleList(_Layer(layer) for layer in plain.layers)
        self.final = _TokensLook(plain.final_attn_token_to_image)

    def forward(
        self, image: Tensor, position: Tensor, tokens: Tensor, count: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Image (B, C, H, W), its position code, tokens (B, T, C) → tokens, pixels (B, N, C).

        ``count`` is how many tokens from the first on are wanted back; None: all.
        """
        if tokens.shape[1] > MOST_TOKENS:
            return self.plain(image, position, tokens)
        pixels = image.flatten(2).transpose(1, 2).contiguous()
        places = position.flatten(2).transpose(1, 2)
        queries = tokens
        for layer in self.layers:
            queries, pixels = layer(queries, pixels, tokens, places)
        queries, tokens = queries[:, :count], tokens[:, :count]
        queries = queries + self.final(queries + tokens, pixels + places, pixels)
        return self.plain.norm_final_attn(queries), pixels


class _Layer(nn.Module):
    """One block: tokens among themselves, tokens at pixels, and pixels at tokens."""

    def __init__(self, plain: TwoWayAttentionBlock) -> None:
        super().__init__()
        self.plain = plain
        self.look = _TokensLook(plain.cross_attn_token_to_image)
        self.tell = _PixelsLook(plain.cross_attn_image_to_token)

    def forward(
        self, queries: Tensor, pixels: Tensor, tokens: Tensor, places: Tensor
    ) -> tuple[Tensor, Tensor]:
        plain = self.plain
        if plain.skip_first_layer_pe:
            queries = plain.self_attn(q=queries, k=queries, v=queries)
        else:
            asking = queries + tokens
            queries = queries + plain.self_attn(q=asking, k=asking, v=queries)
        queries, placed = plain.norm1(queries), pixels + places
        queries = plain.norm2(queries + self.look(queries + tokens, placed, pixels))
        queries = plain.norm3(queries + plain.mlp(queries))
        return queries, plain.norm4(self.tell(queries + tokens, queries, placed, pixels))


class _Heads(nn.Module):
    """Weights of an attention apart by head: (heads, d, C), or (heads, d)."""

    def __init__(self, plain: Attention) -> None:
        super().__init__()
        self.plain, self.heads = plain, plain.num_heads
        self.scale = (plain.internal_dim // plain.num_heads) ** -0.5

    def _apart(self, projected: Tensor) -> Tensor:
        """(B, T, heads · d) → (B, heads, T, d)."""
        return projected.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def _weights(self, linear: nn.Linear) -> Tensor:
        return linear.weight.unflatten(0, (self.heads, -1))


class _TokensLook(_Heads):
    """Tokens ask pixels: keys' bias moves all scores of a token alike and may be left out."""

    def forward(self, tokens: Tensor, placed: Tensor, pixels: Tensor) -> Tensor:
        plain = self.plain
        asked = self._apart(plain.q_proj(tokens) * self.scale) @ self._weights(plain.k_proj)
        shares = (asked.flatten(1, 2) @ placed.transpose(1, 2)).softmax(2)
        seen = (shares @ pixels).unflatten(1, (self.heads, -1))
        values = seen @ self._weights(plain.v_proj).transpose(1, 2)
        return plain.out_proj(values.transpose(1, 2).flatten(2) + plain.v_proj.bias)


class _PixelsLook(_Heads):
    """Pixels ask tokens; shares that sum to one in every head carry the last bias along."""

    def forward(self, tokens: Tensor, told: Tensor, placed: Tensor, pixels: Tensor) -> Tensor:
        """Pixels (B, N, C) with what they see added."""
        plain = self.plain
        keys = self._apart(plain.k_proj(tokens) * self.scale)
        asked = (keys @ self._weights(plain.q_proj)).flatten(1, 2)
        offset = (keys @ plain.q_proj.bias.view(self.heads, -1, 1)).flatten(1, 2)
        scores = torch.baddbmm(offset, asked, placed.transpose(1, 2))
        shares = scores.unflatten(1, (self.heads, -1)).softmax(2).flatten(1, 2)
        outward = plain.out_proj.weight.t().unflatten(0, (self.heads, -1))
        values = self._apart(plain.v_proj(told)) @ outward + plain.out_proj.bias / self.heads
        return torch.baddbmm(pixels, shares.transpose(1, 2), values.flatten(1, 2))


class LeanMaskDecoder(nn.Module):
    """SAM's ``MaskDecoder`` for one image, its transformer a ``LeanTwoWay``."""

    def __init__(self, plain: MaskDecoder) -> None:
        super().__init__()
        self.plain = plain
        self.transformer = LeanTwoWay(plain.transformer)
        first, _, _, second, _ = plain.output_upscaling
        self.way_up = nn.ModuleList(_as_linear(up) for up in (first, second))

    def predict_masks(
        self,
        image_embeddings: Tensor,
        image_pe: Tensor,
        sparse_prompt_embeddings: Tensor,
        dense_prompt_embeddings: Tensor,
        count: int | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Masks (B, K, 4G, 4G) and predicted IoU (B, K), as SAM's own.

        ``count`` is K, from the first on; None: all masks.
        """
        plain, sparse = self.plain, sparse_prompt_embeddings
        count = count or plain.num_mask_tokens
        own = torch.cat([plain.iou_token.weight, plain.mask_tokens.weight])
        tokens = torch.cat([own.expand(len(sparse), -1, -1), sparse], 1)
        source = image_embeddings + dense_prompt_embeddings
        queries, pixels = self.transformer(source, image_pe, tokens, 1 + count)
        kernels = torch.stack(
            [
                network(queries[:, 1 + number])
                for number, network in enumerate(plain.output_hypernetworks_mlps[:count])
            ],
            1,
        )
        masks = self._masks(pixels, kernels, source.shape[2:])
        return masks, plain.iou_prediction_head(queries[:, 0])[:, :count]

    def _masks(self, pixels: Tensor, kernels: Tensor, grid: torch.Size) -> Tensor:
        """Upscale pixels (B, N, C), each to 4 x 4, and multiply by the kernels (B, K, C / 8)."""
        _, norm, act, _, last_act = self.plain.output_upscaling
        first, second = self.way_up
        x = act(_normed(first(pixels).unflatten(-1, (4, -1)), norm))  # (B, N, 4, C / 4)
        x = last_act(second(x)).unflatten(-1, (4, -1))  # (B, N, 4, 4, C / 8)
        logits = x.flatten(1, 3) @ kernels.transpose(1, 2)
        apart = logits.view(len(logits), *grid, 2, 2, 2, 2, -1)
        # Rows are (token, first half, second half), columns likewise.
        image = apart.permute(0, 7, 1, 3, 5, 2, 4, 6)
        return image.reshape(len(logits), -1, 4 * grid[0], 4 * grid[1])


def _as_linear(up: nn.ConvTranspose2d) -> nn.Linear:
    """A transposed convolution that makes four of each pixel, as one product, (…, C) → (…, 4C')."""
    weight = up.weight.detach().permute(2, 3, 1, 0).flatten(0, 2)
    wide, narrow = weight.shape
    linear = nn.Linear(narrow, wide, bias=up.bias is not None, device="meta")
    linear.weight = nn.Parameter(weight)
    if up.bias is not None:
        linear.bias = nn.Parameter(up.bias.detach().repeat(4))
    return linear


def _normed(x: Tensor, norm: LayerNorm2d) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], norm.weight, norm.bias, norm.eps)
