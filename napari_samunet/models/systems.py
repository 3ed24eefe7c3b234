"""Every system that checkpoints are recognised for."""

from __future__ import annotations

from napari_samunet.models import mobile_sam, published_samunet, sam, sam_med2d, squeeze_sam
from napari_samunet.models.recipe import Recipe

# Where several match, the first one stands unless name, hash or choice say otherwise.
RECIPES: tuple[Recipe, ...] = (
    *published_samunet.RECIPES,
    *sam_med2d.RECIPES,
    *sam.RECIPES,
    *mobile_sam.RECIPES,
    *squeeze_sam.RECIPES,
)

# The same files for another side: their tensors cannot tell, so only an explicit choice takes them.
RESIZED: tuple[Recipe, ...] = (*sam.RESIZED, *sam_med2d.RESIZED)
