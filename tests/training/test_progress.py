"""A run can be watched: dev scores in the log, a learning curve, a montage of answers."""

from __future__ import annotations

import dataclasses
import json

import imageio.v3 as iio
import numpy as np
import pytest

from napari_samunet.errors import BadUsage
from napari_samunet.training.config import DevConfig, SceneConfig, TrainConfig, read_config
from napari_samunet.training.loop import Trainer

SCENES = SceneConfig(side=96, scenes_at_once=2, targets_per_scene=4, pool=8, workers=0)


@pytest.fixture
def dev_folder(tmp_path):
    """One slice case, as `samunet evaluate` takes it."""
    folder = tmp_path / "dev"
    folder.mkdir()
    mask = np.zeros((48, 48), bool)
    mask[10:30, 12:30] = True
    image = mask.astype(np.float32)
    facts = {"modality": "CT", "structure": "liver", "human": True, "source": "p"}
    parts = {"image": image, "mask": mask, "spacing": np.ones(2), "window": np.array([0, 1])}
    np.savez(folder / "a.npz", **parts, **facts)
    return folder


def test_a_run_tells_its_dev_score_and_shows_its_answers(tmp_path, dev_folder):
    dev = DevConfig(str(dev_folder), every_steps=1, every_case=1, clicks=2)
    config = TrainConfig(images=2, batch=2, rounds=1, scenes=SCENES, dev=dev)
    trainer = Trainer(config, tmp_path / "run", "cpu")
    trainer.run()
    (line,) = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert {"dev_box", "dev_click_1", "dev_click_2"} <= set(row)
    assert 0 <= row["dev_box"] <= 1
    assert iio.imread(tmp_path / "run" / "montage.png").std() > 0
    assert iio.imread(tmp_path / "run" / "curve.png").std() > 0


def test_looking_at_a_run_does_not_change_it(tmp_path, dev_folder):
    seen = []
    for every in (1, 10):
        dev = DevConfig(str(dev_folder), every_steps=every, every_case=1, clicks=1)
        config = TrainConfig(images=4, batch=2, rounds=2, scenes=SCENES, dev=dev)
        trainer = Trainer(config, tmp_path / str(every), "cpu")
        trainer.run()
        seen.append(trainer.model.state_dict())
    for name, tensor in seen[0].items():
        np.testing.assert_array_equal(tensor.numpy(), seen[1][name].numpy(), err_msg=name)


def test_without_dev_slices_there_is_a_montage_but_no_score(tmp_path):
    config = TrainConfig(images=2, batch=2, rounds=1, scenes=SCENES)
    Trainer(config, tmp_path, "cpu").run()
    assert "dev_" not in (tmp_path / "log.jsonl").read_text()
    assert (tmp_path / "montage.png").exists()


def test_the_dev_folder_is_named_beside_the_configuration(tmp_path):
    (tmp_path / "run.toml").write_text('[dev]\nfolder = "slices"\nevery_steps = 50')
    config = read_config(tmp_path / "run.toml")
    assert config.dev.folder == str(tmp_path / "slices")
    assert dataclasses.replace(config.dev, folder="") == DevConfig(every_steps=50)


def test_an_unknown_key_is_refused(tmp_path):
    (tmp_path / "run.toml").write_text("[dev]\nevery = 5")
    with pytest.raises(BadUsage, match="every"):
        read_config(tmp_path / "run.toml")
