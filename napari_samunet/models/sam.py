"""SAM ViT-B, -L and -H (arXiv 2304.02643), and MedSAM (arXiv 2304.12306) with equal tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    TwoWayTransformer,
)
from torch import Tensor, nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.lean_decoder import LeanMaskDecoder
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.promptable import Divided
from napari_samunet.models.recipe import Recipe

EMBED_DIM = 256
SIZES: dict[str, tuple[int, int, int, tuple[int, ...]]] = {  # width, depth, heads, global blocks
    "b": (768, 12, 12, (2, 5, 8, 11)),
    "l": (1024, 24, 16, (5, 11, 17, 23)),
    "h": (1280, 32, 16, (7, 15, 23, 31)),
}


class Sam(Divided):
    """An image encoder with SAM's prompt encoder and mask decoder, under SAM's names.

    Parameters
    ----------
    image_encoder
        (B, 3, S, S) → (B, 256, G, G).
    side, grid
        S and G.
    """

    def __init__(self, image_encoder: nn.Module, side: int, grid: int) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.prompt_encoder = PromptEncoder(
            embed_dim=EMBED_DIM,
            image_embedding_size=(grid, grid),
            input_image_size=(side, side),
            mask_in_chans=16,
        )
        self.mask_decoder = MaskDecoder(
            transformer_dim=EMBED_DIM,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=EMBED_DIM, num_heads=8, mlp_dim=2048
            ),
            num_multimask_outputs=3,
            iou_head_depth=3,
            iou_head_hidden_dim=256,
        )

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """(B, 3, S, S) → ``embedding`` (B, 256, G, G)."""
        return {"embedding": self.image_encoder(image)}

    def prompted(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, ...]:
        """What the mask decoder is given: embedding, position code, sparse and dense prompts."""
        sparse, dense = self.prompt_encoder(prompts.points, prompts.box_xyxy, prompts.mask_logits)
        return features["embedding"], self.prompt_encoder.get_dense_pe(), sparse, dense

    def answered(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        """What the mask decoder makes of it."""
        embedding, position, sparse, dense = given
        return self.mask_decoder.predict_masks(embedding, position, sparse, dense)

    def answered_first(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        """The same, the first mask alone where the decoder can leave out the others."""
        if not isinstance(self.mask_decoder, LeanMaskDecoder):
            return self.answered(*given)
        embedding, position, sparse, dense = given
        return self.mask_decoder.predict_masks(embedding, position, sparse, dense, count=1)


def vit(size: str, side: int) -> ImageEncoderViT:
    """SAM's image encoder in size ``"b"``, ``"l"`` or ``"h"`` for images of ``side`` pixels."""
    width, depth, heads, global_blocks = SIZES[size]
    return ImageEncoderViT(
        img_size=side,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        out_chans=EMBED_DIM,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=global_blocks,
    )


def build_sam(size: str, side: int = 1024) -> Sam:
    """SAM in one of its sizes, untrained."""
    with torch.no_grad():
        return Sam(vit(size, side), side, side // 16)


CONTRACT = InputContract(side=1024, mask_side=256, candidates="one-click")
MEDSAM_CONTRACT = replace(
    CONTRACT,
    fit="stretch",
    resample="bicubic",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    scale="min-max",
    trained=frozenset({"box"}),
    candidates="single",
    upsample="sigmoid",
)
_POSITION = "image_encoder.pos_embed"
_FOREIGN = ("Adapter", "linear_a_q", "w_a_", "FacT")


def at_side(recipe: Recipe, side: int) -> Recipe:
    """The same weights for images of another side; only an explicit choice takes them so."""
    contract = replace(recipe.contract, side=side, mask_side=side // 4)
    return replace(
        recipe,
        name=f"{recipe.name}-{side}",
        title=f"{recipe.title}, its position tables resized for {side} pixels",
        contract=contract,
        build=partial(recipe.build, side=side),
        grid=side // 16,
    )


RECIPES = (
    *(
        Recipe(
            name=f"sam-vit-{size}",
            title=f"SAM ViT-{size.upper()}",
            contract=CONTRACT,
            build=partial(build_sam, size),
            signature={_POSITION: (1, 64, 64, width)},
            absent=_FOREIGN,
        )
        for size, (width, *_) in SIZES.items()
    ),
    Recipe(
        name="medsam",
        title="MedSAM (ViT-B)",
        contract=MEDSAM_CONTRACT,
        build=partial(build_sam, "b"),
        signature={_POSITION: (1, 64, 64, 768)},
        absent=_FOREIGN,
        hint="medsam",
    ),
    Recipe(
        name="medsam-point",
        title="MedSAM (ViT-B), the variant for clicks",
        contract=replace(MEDSAM_CONTRACT, trained=frozenset({"point"})),
        build=partial(build_sam, "b"),
        signature={_POSITION: (1, 64, 64, 768)},
        absent=_FOREIGN,
        hint="medsam_point",
    ),
)
RESIZED = tuple(at_side(recipe, 256) for recipe in RECIPES)
