"""Linear layers whose weights lie as a processor's kernels want them, laid out once, not each time.

oneDNN's kernels with such weights are up to a quarter faster on two cores than what torch does with
plain ones; the layout takes the memory of the weights a second time.
"""

from __future__ import annotations

from functools import cached_property
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MOST_BYTES = 1 << 30
"""Networks with more in their linear layers stay as they are: SAM ViT-L and ViT-H."""


class PackedLinear(nn.Module):
    """A linear layer for float32 on a processor; elsewhere, and traced, it is the plain one.

    Parameters
    ----------
    plain
        The layer, whose parameters are shared.
    """

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = plain.weight, plain.bias

    @cached_property
    def packed(self) -> Tensor:
        """The weights as kernels want them, at the first need: another engine may encode."""
        with torch.inference_mode():
            return cast("Tensor", torch.ops.mkldnn._reorder_linear_weight(self.weight.detach()))

    def forward(self, x: Tensor) -> Tensor:
        """(…, width_in) → (…, width)."""
        if x.dtype != torch.float32 or x.device.type != "cpu" or torch.jit.is_tracing():
            return F.linear(x, self.weight, self.bias)
        return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")


def pack_linears(network: nn.Module) -> None:
    """Replace the linear layers of a network, in place, where torch can and memory allows."""
    named = [
        (part, name, child)
        for part in network.modules()
        for name, child in part.named_children()
        if type(child) is nn.Linear and child.weight.device.type == "cpu"
    ]
    size = sum(layer.weight.nbytes for _, _, layer in named)
    if size <= MOST_BYTES and _can_pack():
        for part, name, layer in named:
            setattr(part, name, PackedLinear(layer))


def _can_pack() -> bool:
    """Whether this torch has the two operators, which are its compiler's own."""
    names = "_reorder_linear_weight", "_linear_pointwise"
    known = all(hasattr(torch.ops.mkldnn, name) for name in names)
    return known and torch.backends.mkldnn.is_available()
