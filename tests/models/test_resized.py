"""Weights made for 1024 pixels answer at 256, and the other way round, as the published recipes
resize them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from segment_anything.modeling.image_encoder import get_rel_pos
from torch import Tensor

from napari_samunet import Prompts, Session, Volume, load_model
from napari_samunet.models.checkpoint import Checkpoint
from napari_samunet.models.load import inspect_checkpoint
from napari_samunet.models.position_tables import resize_position_tables
from napari_samunet.models.recognise import differences, recipe_named, recognise, skeleton
from napari_samunet.models.systems import RESIZED

POSITION = "image_encoder.pos_embed"
GLOBAL, WINDOWED = (f"image_encoder.blocks.{i}.attn.rel_pos_h" for i in (2, 0))


def tables(grid: int) -> dict[str, Tensor]:
    """Position tables of a small transformer, and a tensor that is none."""
    generator = torch.Generator().manual_seed(grid)
    shapes = {
        POSITION: (1, grid, grid, 8),
        GLOBAL: (2 * grid - 1, 4),
        WINDOWED: (27, 4),
        "image_encoder.neck.0.weight": (3, 8, 1, 1),
    }
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def _published(name: str) -> dict[str, Tensor]:
    """What the file holds that a resized system is given: that of the system it was made from."""
    plain = name.rsplit("-", 1)[0].removesuffix("-plain")
    return dict(skeleton(recipe_named(plain)).state_dict())


@pytest.mark.parametrize("grid", [16, 64])
def test_tables_of_the_wanted_size_stay_as_they_are(grid: int) -> None:
    stored = tables(grid)
    resized = resize_position_tables(stored, grid)
    assert all(resized[name] is tensor for name, tensor in stored.items())


@pytest.mark.parametrize(("stored_grid", "grid"), [(64, 16), (16, 64), (64, 24)])
def test_tables_are_resized_as_the_published_recipe_does(stored_grid: int, grid: int) -> None:
    stored = tables(stored_grid)
    resized = resize_position_tables(stored, grid)
    image = stored[POSITION].permute(0, 3, 1, 2)
    expected = F.interpolate(image, (grid, grid), mode="bilinear", align_corners=False)
    assert torch.equal(resized[POSITION], expected.permute(0, 2, 3, 1))
    # What segment_anything does by itself when a relative table has another length.
    distances = get_rel_pos(grid, grid, stored[GLOBAL])
    ours = get_rel_pos(grid, grid, resized[GLOBAL])
    assert resized[GLOBAL].shape == (2 * grid - 1, 4)
    torch.testing.assert_close(ours, distances, rtol=0, atol=1e-6)
    for name in (WINDOWED, "image_encoder.neck.0.weight"):
        assert resized[name] is stored[name]


def test_a_table_of_a_ramp_stays_a_ramp() -> None:
    ramp = torch.arange(64.0)
    stored = tables(64) | {POSITION: ramp.view(1, 1, 64, 1).expand(1, 64, 64, 8).clone()}
    resized = resize_position_tables(stored, 16)[POSITION]
    # Each token of the coarse grid stands where the middle of its four fine ones stood.
    torch.testing.assert_close(resized[0, 5, :, 0], torch.arange(16.0) * 4 + 1.5)


@pytest.mark.parametrize("name", [recipe.name for recipe in RESIZED])
def test_every_resized_system_takes_the_files_of_the_plain_one(name: str) -> None:
    side = int(name.rsplit("-", 1)[1])
    recipe = recipe_named(name)
    assert (recipe.contract.side, recipe.contract.mask_side) == (side, side // 4)
    assert differences(skeleton(recipe), recipe.fitted(_published(name))) == []


@pytest.mark.parametrize("name", [recipe.name for recipe in RESIZED])
def test_resized_systems_are_never_guessed(name: str) -> None:
    found = recognise(Checkpoint(Path(f"{name}.pth"), _published(name)))
    assert not {found.recipe.name, *found.others} & {recipe.name for recipe in RESIZED}


@pytest.mark.shared
def test_sam_answers_at_256_pixels_when_asked_to(
    make_checkpoint: Callable[..., Path], reference: Callable[[str], dict[str, np.ndarray]]
) -> None:
    path = make_checkpoint("sam_vit_b")
    assert inspect_checkpoint(path, system="sam-vit-b-256").differences == ()
    system = load_model(path, device="cpu", system="sam-vit-b-256")
    assert (system.name, system.contract.side) == ("sam-vit-b-256", 256)
    picture = reference("image_sam_vit_b")["image"]
    session = Session(Volume.from_array(picture), system)
    first = session.predict(Prompts([(130, 176)], [1]), index=0, window=(0, 255))
    assert first.mask.shape == picture.shape
    assert first.model_logits.shape == (64, 64)
    assert len(first.candidates) == 3
    again = Prompts([(130, 176), (232, 38)], [1, 0])
    second = session.predict(again, index=0, window=(0, 255), previous=first)
    assert len(second.candidates) == 1
    assert not np.array_equal(first.logits, second.logits)
