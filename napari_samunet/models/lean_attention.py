"""SAM's image attention with equal answers and less work.

The plain form pads the token grid to whole windows and treats padding like tokens, looks its
position tables up at every call, and moves every attention map through memory several times. Here

- padding is not computed: padded tokens are zero before ``qkv``, so that the bias is the key and
  the value of each and only their places differ. One key whose logit is the log-sum-exp of theirs
  stands for all of them, exactly;
- the tables of relative positions (arXiv 2112.01526) are looked up once;
- attention maps are worked off in pieces that stay in a processor's cache, or by a fused kernel
  that gets the positions as further channels of queries and keys.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from segment_anything.modeling.image_encoder import Attention, get_rel_pos
from torch import Tensor, nn

PIECE = 1 << 21
"""Scores that are worked on at once: 8 MB of float32, which second- and third-level caches hold."""
Span = tuple[int, int, int]
"""First token, end, and side of the windows between them."""


class LeanAttention(nn.Module):
    """Attention of one block over the token grid, windowed or not, sharing the plain one's weights.

    Parameters
    ----------
    plain
        SAM's attention, with relative positions and biases.
    window
        Side of the windows in tokens; 0: every token sees all others.
    """

    table_h: Tensor
    table_w: Tensor

    def __init__(self, plain: Attention, window: int) -> None:
        super().__init__()
        self.qkv, self.proj = plain.qkv, plain.proj
        self.heads, self.scale, self.window = plain.num_heads, plain.scale, window
        self.register_buffer("table_h", _table(plain.rel_pos_h), persistent=False)
        self.register_buffer("table_w", _table(plain.rel_pos_w), persistent=False)
        self.fused: bool | None = None  # None: on accelerators

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, H, W, D) → the same shape."""
        qkv = self.qkv(tokens)
        if not self.window:
            return self.proj(self._attend(qkv))
        bands = []
        for first, end, height in spans(tokens.shape[1], self.window):
            parts = [
                self._windows(qkv[:, first:end, left:right], height, width)
                for left, right, width in spans(tokens.shape[2], self.window)
            ]
            bands.append(torch.cat(parts, 2))
        return self.proj(torch.cat(bands, 1))

    def _windows(self, qkv: Tensor, height: int, width: int) -> Tensor:
        """Attend within windows of ``height`` x ``width`` tokens that fill (B, H, W, 3D)."""
        batch, rows, columns, _ = qkv.shape
        down, across = rows // height, columns // width
        apart = qkv.reshape(batch, down, height, across, width, -1).transpose(2, 3)
        seen = self._attend(apart.flatten(0, 2))
        together = seen.view(batch, down, across, height, width, -1).transpose(2, 3)
        return together.reshape(batch, rows, columns, -1)

    def _attend(self, qkv: Tensor) -> Tensor:
        """Attend within each of N grids, (N, r, c, 3D) → (N, r, c, D); the rest is padding."""
        count, rows, columns, _ = qkv.shape
        heads = qkv.reshape(count, rows * columns, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads.flatten(1, 2)  # (N · heads, r · c, d)
        places = query.view(-1, rows, columns, query.shape[-1])
        down = places @ self.table_h[:rows]
        across = (places.transpose(1, 2) @ self.table_w[:columns]).transpose(1, 2)
        padding = _padding(down, across)
        if padding is not None:
            _, key_bias, value_bias = self.qkv.bias.view(3, self.heads, 1, -1)
            key = torch.cat([key, key_bias.repeat(count, 1, 1)], 1)
            value = torch.cat([value, value_bias.repeat(count, 1, 1)], 1)
        terms = down[..., :rows], across[..., :columns], padding
        is_fused = qkv.device.type != "cpu" if self.fused is None else self.fused
        attend = _in_one_kernel if is_fused else _in_pieces
        seen = attend(query * self.scale, key, value, *terms)
        return seen.view(count, self.heads, rows, columns, -1).permute(0, 2, 3, 1, 4).flatten(3)


def spans(length: int, window: int) -> Iterator[Span]:
    """Where whole windows lie on an axis, and then what is left of it."""
    whole = length // window * window
    if whole:
        yield 0, whole, window
    if length > whole:
        yield whole, length, length - whole


def _table(rel_pos: Tensor) -> Tensor:
    """Relative positions (2n - 1, d) → for each of n query rows what meets its keys, (n, d, n)."""
    side = (len(rel_pos) + 1) // 2
    with torch.no_grad():
        return get_rel_pos(side, side, rel_pos).transpose(1, 2).contiguous()


def _padding(down: Tensor, across: Tensor) -> Tensor | None:
    """Log-sum-exp of the position terms of all padded keys, (P, r · c, 1); None without padding.

    ``down`` (P, r, c, R) and ``across`` (P, r, c, C) hold the terms of all rows and columns of a
    window of R x C, of which r x c are tokens.
    """
    rows, columns = down.shape[1:3]
    below, beside = down.shape[3] > rows, across.shape[3] > columns
    terms = []
    if beside:
        terms.append(down.logsumexp(3) + across[..., columns:].logsumexp(3))
    if below:
        terms.append(down[..., rows:].logsumexp(3) + across[..., :columns].logsumexp(3))
    if not terms:
        return None
    return torch.stack(terms, 3).logsumexp(3).flatten(1)[..., None]


def _in_pieces(
    query: Tensor, key: Tensor, value: Tensor, down: Tensor, across: Tensor, padding: Tensor | None
) -> Tensor:
    """Softmax attention of P maps, each piece of scores written once and changed in place."""
    maps, rows, columns, _ = down.shape
    tokens, keys = rows * columns, key.shape[1]
    at_once = max(1, PIECE // (tokens * keys))
    lines = rows if at_once > 1 else max(1, min(rows, PIECE // (columns * keys)))
    seen = torch.empty_like(query)
    for first in range(0, maps, at_once):
        some = slice(first, first + at_once)
        for line in range(0, rows, lines):
            band, asking = (
                slice(line, line + lines),
                slice(line * columns, (line + lines) * columns),
            )
            asked = query[some, asking]
            scores = query.new_empty(*asked.shape[:2], keys)
            grid = scores[..., :tokens].view(*down[some, band].shape[:3], rows, columns)
            torch.add(down[some, band, :, :, None], across[some, band, :, None], out=grid)
            if padding is not None:
                scores[..., tokens:] = padding[some, asking]
            scores.baddbmm_(asked, key[some].transpose(1, 2))
            torch.softmax(scores, 2, out=scores)
            seen[some, asking] = torch.bmm(scores, value[some])
    return seen


def _in_one_kernel(
    query: Tensor, key: Tensor, value: Tensor, down: Tensor, across: Tensor, padding: Tensor | None
) -> Tensor:
    """The same through fused attention: each key tells its row and its column by a one."""
    maps, rows, columns, _ = down.shape
    ones = torch.eye(rows + columns, dtype=query.dtype, device=query.device)
    row = ones[:rows, None].expand(-1, columns, -1)
    place = (row + ones[None, rows:].expand(rows, -1, -1)).flatten(0, 1)
    terms = [query, down.flatten(1, 2), across.flatten(1, 2)]
    if padding is not None:
        terms.append(padding)
        place = F.pad(place, (0, 1, 0, 1))
        place[-1, -1] = 1
    asked = torch.cat(terms, 2)
    told = torch.cat([key, place.expand(maps, -1, -1)], 2)
    wide = F.pad(value, (0, asked.shape[2] - value.shape[2]))  # kernels want equal widths
    # Kernels read widths of whole eights; channels of zeros change nothing.
    spare = -asked.shape[2] % 8
    asked, told, wide = (F.pad(part, (0, spare))[None] for part in (asked, told, wide))
    seen = F.scaled_dot_product_attention(asked, told, wide, scale=1.0)
    return seen[0, ..., : value.shape[2]]
