"""Who is measured beside whom: the same weights in other hands.

Time does not depend on what weights say, so that systems whose checkpoints may not travel with
this package are filled from a seeded generator, each of them once, for all who are compared.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from napari_samunet.models.engine_choice import halves_of, is_installed
from napari_samunet.models.lean import lean
from napari_samunet.models.recognise import recipe_named
from napari_samunet.models.system import System
from napari_samunet.types import UInt8Array

logger = logging.getLogger(__name__)

SEED = 20240816


@dataclass(frozen=True)
class Pair:
    """One network twice: as its authors wrote it, in plain PyTorch, and as it answers here.

    ``compiled`` is ours once more with the halves of its work that OpenVINO can do, where that is
    installed.
    """

    plain: System
    ours: System
    compiled: System | None = None


def pair_of(name: str, device: str = "cpu") -> Pair:
    """Build a published system with seeded weights.

    Parameters
    ----------
    name
        Of the system, e.g. ``"sam-vit-b"``.
    device
        Where both run.
    """
    recipe = recipe_named(name)
    torch.manual_seed(SEED)
    module = recipe.build()
    return pair_from(System(name, recipe.contract, module, f"{name}-seeded", device, quicken=lean))


def pair_from(ours: System) -> Pair:
    """Take a loaded system and its own network in plain PyTorch."""
    known = (ours.name, ours.contract, ours.module, ours.model_hash, ours.device)
    return Pair(System(*known), ours, _compiled(System(*known, quicken=lean)))


def _compiled(system: System) -> System | None:
    if not is_installed() or system.device.type != "cpu":
        return None
    for half in halves_of(system):
        try:
            half.give(half.compile(None))
        except Exception:  # whatever a compiler cannot do is measured without it
            logger.warning(
                "OpenVINO cannot run the %s of %s", half.name, system.name, exc_info=True
            )
    return system


def why_no_predictor() -> str:
    """Say why ``segment_anything``'s predictor cannot be measured; "" where it can."""
    missing = [name for name in ("segment_anything", "torchvision") if find_spec(name) is None]
    return f"left out: {' and '.join(missing)} not installed" if missing else ""


class Predictor:
    """``SamPredictor`` of the package ``segment_anything`` with the parts of a system.

    Parameters
    ----------
    system
        SAM, or MobileSAM, which differs from it in its encoder alone; in plain PyTorch.
    """

    def __init__(self, system: System) -> None:
        from segment_anything import SamPredictor
        from segment_anything.modeling import Sam

        parts: Any = system.module
        parts.image_encoder.img_size = system.contract.side  # which its own encoder knows
        sam = Sam(parts.image_encoder, parts.prompt_encoder, parts.mask_decoder)
        self._predictor: Any = SamPredictor(sam.to(system.device).eval())

    def encode(self, picture: UInt8Array) -> None:
        """Encode an image (H, W) of 0–255 as the package does it."""
        self._predictor.set_image(np.repeat(picture[..., None], 3, 2))

    def decode(self, point_rc: tuple[float, float], box_rc: tuple[float, ...]) -> Any:
        """Answer a click and a box on the encoded image: one mask on the image's own grid."""
        row, column = point_rc
        row0, col0, row1, col1 = box_rc
        return self._predictor.predict(
            point_coords=np.array([[column, row]]),
            point_labels=np.array([1]),
            box=np.array([col0, row0, col1, row1]),
            multimask_output=False,
        )
