"""Scores are made honest on synthetic images, and the weights file carries the result."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.errors import BadCheckpoint
from napari_samunet.evaluation.protocol import Answer
from napari_samunet.models.load import load_model
from napari_samunet.models.samunet import build
from napari_samunet.training.calibration import calibrate, fit_score_map
from napari_samunet.training.config import SceneConfig
from napari_samunet.training.weights import save_weights, set_score_map

SCENES = SceneConfig(side=96, scenes_at_once=2, targets_per_scene=4, workers=0)


def test_scores_that_are_too_sure_after_one_click_are_lowered_there_only():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.4, 0.95, 400)
    sure = [Answer("1 click", score, 0.5 * score) for score in scores]
    honest = [Answer("box", score, score) for score in scores]
    slope, shift, click_slope, click_shift = fit_score_map(sure + honest)
    assert slope == pytest.approx(1, abs=0.01)
    assert shift == pytest.approx(0, abs=0.01)
    assert click_slope > 0
    assert click_shift < -0.8


def test_scores_that_tell_nothing_still_keep_their_order():
    rng = np.random.default_rng(0)
    blind = [Answer("1 click", score, 0.4) for score in rng.uniform(0.5, 0.9, 50)]
    slope = fit_score_map([*blind, Answer("box", 0.5, 0.5)])[2]
    assert slope > 0.1


def test_a_weights_file_carries_its_map_and_keeps_its_tensors(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(build("builtin"), path, {"images": 0})
    before = load_model(path, device="cpu")
    assert before.contract.score_map == ()
    fitted = calibrate(path, SCENES, samples=2)
    after = load_model(path, device="cpu")
    assert after.contract.score_map == fitted
    assert after.contract.zoom
    for name, tensor in before.module.state_dict().items():
        assert (after.module.state_dict()[name] == tensor).all()


def test_weights_of_others_are_not_touched_nor_answered_first(tmp_path, monkeypatch):
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "theirs.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    monkeypatch.setattr("napari_samunet.training.calibration.load_model", None)
    with pytest.raises(BadCheckpoint, match="theirs"):
        set_score_map(path, (1.0, 0.0, 1.0, 0.0))
    with pytest.raises(BadCheckpoint, match="theirs"):
        calibrate(path, SCENES, samples=2)
