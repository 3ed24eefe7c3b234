"""A training run must survive a kill and end in a file that the package can load."""

import dataclasses

import pytest
import torch

from napari_samunet.errors import BadUsage
from napari_samunet.models.load import load_model
from napari_samunet.training.config import SceneConfig, TrainConfig, read_config
from napari_samunet.training.loop import Trainer
from napari_samunet.training.loss import answer_loss, mask_loss, overlap_iou

SCENES = SceneConfig(side=96, scenes_at_once=2, targets_per_scene=4, pool=8, workers=0)
TINY = TrainConfig(images=6, batch=2, rounds=2, save_every=1, scenes=SCENES)


@pytest.fixture
def finished(tmp_path):
    """A run of one step that was stopped, then taken up to its end."""
    Trainer(dataclasses.replace(TINY, images=2), tmp_path, "cpu").run()
    resumed = Trainer(TINY, tmp_path, "cpu")
    assert resumed.step == 1
    return resumed, resumed.run()


def test_a_stopped_run_goes_on_and_its_weights_load(finished):
    trainer, weights = finished
    assert trainer.step == 3
    system = load_model(str(weights), device="cpu")
    assert system.name == "builtin"
    assert system.contract.zoom
    assert weights.stat().st_size < 30e6


@pytest.mark.parametrize("spoilt", ["another network", "cut short"])
def test_a_folder_with_a_state_that_does_not_fit_is_named(spoilt, tmp_path):
    state = tmp_path / "state.pt"
    torch.save({"model": {"other": torch.zeros(3)}}, state)
    if spoilt == "cut short":
        state.write_bytes(state.read_bytes()[:-200])
    before = state.read_bytes()
    with pytest.raises(BadUsage, match="another folder") as told:
        Trainer(TINY, tmp_path, "cpu")
    assert str(tmp_path) in str(told.value)
    assert state.read_bytes() == before


def test_a_run_without_warmup_begins_at_its_full_rate(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("warmup = 0")
    trainer = Trainer(dataclasses.replace(TINY, warmup=read_config(path).warmup), tmp_path, "cpu")
    assert trainer._learning_rate() == TINY.learning_rate


def test_a_right_answer_costs_less_than_a_wrong_one():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    right = masks * 20.0 - 10
    assert mask_loss(right, masks) < 0.01
    assert mask_loss(-right, masks) > 1
    assert overlap_iou(right, masks) == 1


def test_after_one_click_any_meaning_of_it_may_be_right():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    right = masks[0] * 20.0 - 10
    logits = torch.stack([right[0], -right[0], right[0], -right[0]])[None]
    scores = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    assert answer_loss(logits, scores, masks, ambiguous=True) < 0.05


def test_a_meaning_that_is_only_judged_costs_what_its_score_is_wrong_by():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    wrong = (masks * -20.0 + 10).repeat(1, 4, 1, 1)
    honest, boasting = torch.zeros(1, 4), torch.ones(1, 4)
    assert answer_loss(wrong, honest, masks, ambiguous=False, judged=True) == 0
    assert answer_loss(wrong, boasting, masks, ambiguous=False, judged=True) == 1


def test_after_a_click_every_meaning_is_looked_at_now_and_then(tmp_path):
    trainer = Trainer(TINY, tmp_path, "cpu")
    masks = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    masks[..., :2, :2] = True
    right = masks.float() * 2 - 1
    logits = torch.cat([0.1 * right, 0.2 * right, 0.3 * -right, 0.4 * -right], 1)
    seen = {
        (round(float(found.abs().max()), 1), judged)
        for found, judged in (trainer._meaning(logits, masks) for _ in range(200))
    }
    assert seen == {(0.1, False), (0.2, False), (0.2, True), (0.3, True), (0.4, True)}


def test_the_shipped_configuration_is_understood():
    from napari_samunet.assets import asset

    assert read_config(asset("train/builtin.toml")).member == "builtin"


@pytest.mark.parametrize("text", ["member = ", "colour = 3"])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(BadUsage, match=r"x\.toml"):
        read_config(path)
