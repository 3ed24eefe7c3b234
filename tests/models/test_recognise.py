"""A file's system is told from its tensors; what does not fit is listed, never half loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from segment_anything import sam_model_registry
from torch import Tensor

from napari_samunet.errors import BadCheckpoint
from napari_samunet.models.checkpoint import Checkpoint
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.recognise import differences, recipe_named, recognise, skeleton
from napari_samunet.models.systems import RECIPES

TABLES = {
    "res34_sam_unet": "sam-unet-res34",
    "res50_sam_unet": "sam-unet-res50",
    "sam_med2d_vit_b": "sam-med2d",
    "sam_vit_b": "sam-vit-b",
    "mobile_sam": "mobile-sam",
    "squeeze_sam": "squeeze-sam",
}


def checkpoint_of(recipe: Recipe, file_name: str = "model.pth") -> Checkpoint:
    """A checkpoint with the shapes of a system and no numbers."""
    return Checkpoint(Path(file_name), dict(skeleton(recipe).state_dict()))


@pytest.mark.shared
@pytest.mark.parametrize("table", sorted(TABLES))
def test_tensor_names_and_shapes_are_those_of_the_published_code(
    shared_checkpoints: Path, table: str
) -> None:
    published = json.loads((shared_checkpoints / f"{table}.json").read_text())
    stored = {
        name: torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
        for name, shape, dtype in published
    }
    recipe = recognise(Checkpoint(Path("model.pth"), stored)).recipe
    assert recipe.name == TABLES[table]
    ours = skeleton(recipe).state_dict()
    assert differences(skeleton(recipe), recipe.fitted(stored)) == []
    if not recipe.rename:
        rows = [[n, list(t.shape), str(t.dtype).removeprefix("torch.")] for n, t in ours.items()]
        assert sorted(rows) == sorted(published)


@pytest.mark.parametrize("size", ["b", "l", "h"])
def test_sam_has_the_tensors_of_the_segment_anything_package(size: str) -> None:
    with torch.device("meta"):
        theirs = sam_model_registry[f"vit_{size}"](None)
    assert differences(skeleton(recipe_named(f"sam-vit-{size}")), theirs.state_dict()) == []


@pytest.mark.parametrize("name", sorted({r.name for r in RECIPES if not r.hint and not r.rename}))
def test_each_system_is_told_from_its_tensors(name: str) -> None:
    recipe = recipe_named(name)
    tensors = dict(skeleton(recipe).state_dict())
    assert recognise(Checkpoint(Path("model.pth"), tensors)).recipe.name == name


def test_medsam_is_told_from_sam_by_its_file_name_or_by_choice_and_says_so() -> None:
    sam = recipe_named("sam-vit-b")
    plain = recognise(checkpoint_of(sam, "sam_vit_b_01ec64.pth"))
    assert plain.recipe.name == "sam-vit-b"
    assert "medsam" in plain.note
    named = recognise(checkpoint_of(sam, "medsam_vit_b.pth"))
    assert named.recipe.name == "medsam"
    assert "file name" in named.note
    chosen = recognise(checkpoint_of(sam, "weights.pth"), system="medsam")
    assert chosen.recipe.name == "medsam"
    clicked = recognise(checkpoint_of(sam, "medsam_point_prompt_flare22.pth"))
    assert clicked.recipe.name == "medsam-point"
    assert clicked.recipe.contract.trained == {"point"}
    # Whichever was taken, the others can still be chosen.
    assert plain.others == ("medsam", "medsam-point")
    assert named.others == chosen.others == ("sam-vit-b", "medsam-point")
    assert "as asked" in chosen.note


def test_sam_med2d_can_be_used_without_its_adapters() -> None:
    recipe = recipe_named("sam-med2d-plain")
    tensors = dict(skeleton(recipe_named("sam-med2d")).state_dict())
    assert differences(skeleton(recipe), recipe.fitted(tensors)) == []


def missing(tensors: dict[str, Tensor]) -> None:
    del tensors["mask_decoder.iou_token.weight"]


def extra(tensors: dict[str, Tensor]) -> None:
    tensors["image_encoder.surprise"] = torch.zeros(1)


def reshaped(tensors: dict[str, Tensor]) -> None:
    tensors["image_encoder.neck.0.weight"] = torch.zeros(1, 2)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (missing, "1 missing: mask_decoder.iou_token.weight"),
        (extra, "1 extra: image_encoder.surprise"),
        (
            reshaped,
            "1 of another shape: image_encoder.neck.0.weight is (1, 2) instead of (256, 768, 1, 1)",
        ),
    ],
)
def test_what_does_not_fit_is_named(spoil: Callable[[dict[str, Tensor]], None], said: str) -> None:
    recipe = recipe_named("sam-vit-b")
    tensors = dict(checkpoint_of(recipe).tensors)
    spoil(tensors)
    assert differences(skeleton(recipe), tensors) == [said]


def test_a_long_difference_is_cut_short() -> None:
    recipe = recipe_named("sam-vit-b")
    (line,) = differences(skeleton(recipe), {})
    assert line.startswith("314 missing")
    assert line.endswith("and 308 more")


def test_a_state_dict_of_something_else_is_refused_with_what_it_is() -> None:
    resnet = Checkpoint(Path("resnet.pth"), {"conv1.weight": torch.zeros(1)})
    with pytest.raises(BadCheckpoint, match=r"resnet\.pth holds 1 tensors of no known system"):
        recognise(resnet)
    with pytest.raises(BadCheckpoint, match="sam-vit-x"):
        recognise(resnet, system="sam-vit-x")


def test_a_model_beside_other_tensors_is_named_and_never_guessed() -> None:
    model = skeleton(recipe_named("sam-vit-b")).state_dict()
    names = {"model." + name: value for name, value in model.items()}
    other = {"loss_fn.weight": torch.ones(2), "step": torch.ones(1)}
    with pytest.raises(BadCheckpoint, match=r"alone: the 314 that begin with `model\.`\.$"):
        recognise(Checkpoint(Path("last.ckpt"), names | other))
    average = {"ema.sam." + name: value for name, value in model.items()}
    with pytest.raises(BadCheckpoint, match=r"`model\.` or the 314 that begin with `ema\.`\.$"):
        recognise(Checkpoint(Path("last.ckpt"), names | average))


def test_squeeze_sam_revision_1_becomes_revision_2() -> None:
    names = {
        "image_encoder.proj.0.weight": "patch_embed.proj.0.weight",
        "image_encoder.down_layers.3.x": "unet_encoder.down_layers.3.x",
        "mask_decoder.iou_token.weight": "get_iou_predictions_and_mask_tokens.iou_token.weight",
        "mask_decoder.transformer.layers.0.norm1.bias": (
            "get_iou_predictions_and_mask_tokens.transformer.layers.0.norm1.bias"
        ),
        "mask_decoder.unet_upscaling_layers.0.up.norm.bias": (
            "unet_decoder.unet_upscaling_layers.0.up.norm.bias"
        ),
        "mask_decoder.iou_prediction_head.fc.bias": "mask_decoder.iou_prediction_head.fc.bias",
    }
    old = recipe_named("squeeze-sam-rev1")
    assert list(old.fitted(dict.fromkeys(names, torch.zeros(1)))) == list(names.values())
