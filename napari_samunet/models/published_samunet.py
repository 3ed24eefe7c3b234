"""The published SAM-UNet (arXiv 2408.09886): ViT-B beside a ResNet, 256 pixels, boxes."""

from __future__ import annotations

from functools import partial

from napari_samunet.models.contract import InputContract
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.samunet import build

CONTRACT = InputContract(side=256, mask_side=64, trained=frozenset({"box"}))
_POSITION = "image_encoder.sam_img_encoder.pos_embed"
_BOTTLENECK = "resnet.stage1.0.conv3.weight"  # three convolutions a block: ResNet-50

RECIPES = (
    Recipe(
        name="sam-unet-res34",
        title="SAM-UNet (ViT-B + ResNet-34)",
        contract=CONTRACT,
        build=partial(build, "res34"),
        signature={_POSITION: (1, 16, 16, 768)},
        absent=(_BOTTLENECK,),
    ),
    Recipe(
        name="sam-unet-res50",
        title="SAM-UNet (ViT-B + ResNet-50)",
        contract=CONTRACT,
        build=partial(build, "res50"),
        signature={_POSITION: (1, 16, 16, 768), _BOTTLENECK: None},
    ),
)
