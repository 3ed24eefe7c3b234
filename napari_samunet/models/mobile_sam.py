"""MobileSAM (arXiv 2306.14289) and LiteMedSAM (bowang-lab/MedSAM): SAM's decoder on a TinyViT."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from segment_anything.modeling.common import LayerNorm2d
from torch import Tensor, nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.sam import CONTRACT, EMBED_DIM, Sam

GRID = 64


def _trunk(widths: tuple[int, int, int, int]) -> Any:
    from timm.models.tiny_vit import TinyVit  # slow to import, wanted by these systems only

    return TinyVit(
        embed_dims=widths,
        depths=(2, 2, 6, 2),
        num_heads=(2, 4, 5, 10),
        window_sizes=(7, 7, 14, 7),
        num_classes=0,
        drop_path_rate=0.0,
    )


def _fill_index_tables(trunk: Any) -> None:
    """Give a trunk its index tables, which are in no checkpoint, even where it is a skeleton.

    They depend on the windows alone, so those of a narrow twin are the same; making the trunk
    itself for real would take as much memory as its file.
    """
    with torch.device("cpu"):
        twin = _trunk((4, 4, 5, 10))
    for name, table in twin.named_buffers():
        if name.endswith("attention_bias_idxs"):
            block, _, leaf = name.rpartition(".")
            setattr(trunk.get_submodule(block), leaf, table)


class TinyEncoder(nn.Module):
    """timm's TinyViT-5M whose last stage keeps its grid, and SAM's neck: (B, 256, 64, 64).

    Parameters
    ----------
    fine_stem
        Whether the stem keeps the image's side (LiteMedSAM, 256) instead of quartering it (1024).
    """

    def __init__(self, fine_stem: bool) -> None:
        super().__init__()
        trunk = _trunk((64, 128, 160, 320))
        _fill_index_tables(trunk)
        trunk.head = nn.Identity()
        trunk.stages[3].downsample.conv2.conv.stride = (1, 1)
        if fine_stem:
            trunk.patch_embed.conv1.conv = nn.Conv2d(3, 32, 1, bias=False)
            trunk.patch_embed.conv2.conv = nn.Conv2d(32, 64, 1, bias=False)
        self.trunk = trunk
        self.neck = nn.Sequential(
            nn.Conv2d(320, EMBED_DIM, 1, bias=False),
            LayerNorm2d(EMBED_DIM),
            nn.Conv2d(EMBED_DIM, EMBED_DIM, 3, padding=1, bias=False),
            LayerNorm2d(EMBED_DIM),
        )

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, S, S) → (B, 256, 64, 64)."""
        return self.neck(self.trunk.forward_features(image))


def build_tiny(side: int, fine_stem: bool) -> Sam:
    """MobileSAM or LiteMedSAM, untrained."""
    with torch.no_grad():
        return Sam(TinyEncoder(fine_stem), side, GRID)


LITE_CONTRACT: InputContract = replace(
    CONTRACT,
    side=256,
    resample="area",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    scale="min-max",
    trained=frozenset({"box"}),
    candidates="single",
)
_OURS = "image_encoder.trunk."
# Published names → timm's: a merging layer ends the stage before, or begins the one after.
_RENAME = (
    (r"^image_encoder\.patch_embed\.seq\.0\.", f"{_OURS}patch_embed.conv1."),
    (r"^image_encoder\.patch_embed\.seq\.2\.", f"{_OURS}patch_embed.conv2."),
    *(
        (rf"^image_encoder\.layers\.{i}\.downsample\.", f"{_OURS}stages.{i + 1}.downsample.")
        for i in range(3)
    ),
    (r"^image_encoder\.layers\.", f"{_OURS}stages."),
    (rf"^({_OURS.replace('.', '[.]')}.*)\.c\.weight$", r"\1.conv.weight"),
)
_STEM = "image_encoder.patch_embed.seq.0.c.weight"
_UNUSED_HEAD = ("image_encoder.norm_head.", "image_encoder.head.")

RECIPES = (
    Recipe(
        name="mobile-sam",
        title="MobileSAM",
        contract=CONTRACT,
        build=partial(build_tiny, 1024, fine_stem=False),
        signature={_STEM: (32, 3, 3, 3)},
        leave_out=_UNUSED_HEAD,
        rename=_RENAME,
    ),
    Recipe(
        name="lite-medsam",
        title="LiteMedSAM",
        contract=LITE_CONTRACT,
        build=partial(build_tiny, 256, fine_stem=True),
        signature={_STEM: (32, 3, 1, 1)},
        leave_out=_UNUSED_HEAD,
        rename=_RENAME,
    ),
)
