"""A network's twin for inference: the same tensors and the same answers, sooner.

Answers differ by rounding only (below 1e-5 of a feature's norm); nothing is retrained or left out.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.image_encoder import Block
from segment_anything.modeling.prompt_encoder import PositionEmbeddingRandom
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_samunet.models.lean_attention import LeanAttention
from napari_samunet.models.lean_decoder import LeanMaskDecoder, LeanTwoWay
from napari_samunet.models.lean_tiny import quicken_tiny
from napari_samunet.models.mobile_sam import TinyEncoder
from napari_samunet.models.packed_linear import pack_linears
from napari_samunet.models.pyramid import PyramidDecoder

Network = TypeVar("Network", bound=nn.Module)


def lean(network: Network, packed: bool = True) -> Network:
    """Make the twin of a network in evaluation mode; it shares every tensor that it does not fold.

    Attention of SAM's vision transformers leaves out padding (``models.lean_attention``), batch
    norm is folded into the convolution before it, layer norm over channels is one kernel,
    the position code of the token grid is computed once, SAM's mask decoder asks tokens to come to
    the pixels (``models.lean_decoder``), and TinyViT keeps to fused kernels (``models.lean_tiny``).

    Parameters
    ----------
    network
        It stays as it is.
    packed
        Whether linear layers that many pixels go through, those of the image encoder and of the
        mask decoder's way up, are laid out for a processor's kernels (``models.packed_linear``);
        not where the twin is traced for another engine.
    """
    tensors = (*network.parameters(), *network.buffers())
    twin = copy.deepcopy(network, {id(tensor): tensor for tensor in tensors}).eval()
    for part in list(twin.modules()):
        if isinstance(part, PromptEncoder):
            part.pe_layer = KnownPositions(part.pe_layer, part.image_embedding_size)
        if isinstance(part, Block) and part.attn.use_rel_pos:
            part.attn = LeanAttention(part.attn, part.window_size)
            part.window_size = 0  # the block hands the whole grid over
        if isinstance(part, TinyEncoder):
            quicken_tiny(part.trunk)
        _fold_batch_norms(part)
        _quicken_decoder(part)
        for name, child in part.named_children():
            if type(child) is LayerNorm2d:
                setattr(part, name, ChannelNorm(child))
    if packed:
        _pack(twin)
    return twin.requires_grad_(False)


class KnownPositions(nn.Module):
    """SAM's position code of one token grid, computed once; that of points as ever."""

    table: Tensor

    def __init__(self, plain: PositionEmbeddingRandom, grid: tuple[int, int]) -> None:
        super().__init__()
        self.plain = plain
        self.register_buffer("table", plain(grid), persistent=False)

    def forward(self, grid: tuple[int, int]) -> Tensor:
        """Side lengths in tokens → (D, H, W)."""
        return self.table if grid == self.table.shape[1:] else self.plain(grid)

    def forward_with_coords(self, points_xy: Tensor, image_size: tuple[int, int]) -> Tensor:
        """(B, N, 2) of an image of (rows, columns) → (B, N, D)."""
        return self.plain.forward_with_coords(points_xy, image_size)


class ChannelNorm(nn.Module):
    """SAM's ``LayerNorm2d`` in one kernel, where that one goes six times through memory."""

    def __init__(self, plain: LayerNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = plain.weight, plain.bias, plain.eps

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        last = x.permute(0, 2, 3, 1)
        normed = F.layer_norm(last, last.shape[-1:], self.weight, self.bias, self.eps)
        return normed.permute(0, 3, 1, 2)


def _pack(twin: nn.Module) -> None:
    encoder = getattr(twin, "image_encoder", None)
    if encoder is not None:
        pack_linears(encoder)
    for part in twin.modules():
        if isinstance(part, LeanMaskDecoder):
            pack_linears(part.way_up)


def _quicken_decoder(part: nn.Module) -> None:
    if isinstance(part, PyramidDecoder):
        for inner in part.modules():
            if isinstance(inner, nn.Conv2d | nn.ConvTranspose2d):
                last = inner.weight.detach().contiguous(memory_format=torch.channels_last)
                inner.weight = nn.Parameter(last)
    for name, child in list(part.named_children()):
        if type(child) is MaskDecoder:
            setattr(part, name, LeanMaskDecoder(child))
        elif type(child) is TwoWayTransformer:
            setattr(part, name, LeanTwoWay(child))


def _fold_batch_norms(part: nn.Module) -> None:
    """Fold each batch norm that follows a convolution directly, in the order of the children.

    The folded weights lie with channels last, as the encoder hands images over.
    """
    for (name, conv), (next_name, norm) in pairwise(list(part.named_children())):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            folded = fuse_conv_bn_eval(conv, norm).to(memory_format=torch.channels_last)
            setattr(part, name, folded)
            setattr(part, next_name, nn.Identity())
