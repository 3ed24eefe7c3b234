"""What a person settled on a few slices is learnt at once, from what the encoder sees there."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from unsure import unsure_of

from napari_samunet.evaluation.metrics import dice
from napari_samunet.inference.discriminant import Discriminant
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.propagation import propagate
from napari_samunet.io.volume import Volume
from napari_samunet.models.load import load_model
from napari_samunet.preprocess.frame import Frame
from napari_samunet.prompts.prompts import Prompts

SIDE = 64


def disc(radius: float, column: int = 32) -> np.ndarray:
    rows, columns = np.ogrid[:SIDE, :SIDE]
    return (rows - 32) ** 2 + (columns - column) ** 2 <= radius**2


def frame_of(_index: int, mask: np.ndarray) -> Frame:
    return Frame(mask.shape, SIDE)


def features_of(mask: np.ndarray, meaning: float = 1.0) -> Mapping[str, torch.Tensor]:
    """Two features of noise, the second of which tells the object."""
    noise = np.random.default_rng(int(mask.sum())).normal(0, 0.3, (2, SIDE, SIDE))
    noise[1] += meaning * mask
    return {"skip": torch.from_numpy(noise)[None], "coarse": torch.zeros(1, 3, 4, 4)}


def learnt_from(keys: Mapping[int, np.ndarray], seen: Mapping[int, Mapping]) -> Discriminant:
    return Discriminant(lambda index, _frame: seen[index], frame_of, keys)


def test_an_object_that_has_moved_and_grown_is_told_by_what_was_learnt_of_it():
    now = disc(12, column=40)
    learnt = learnt_from({0: disc(8)}, {0: features_of(disc(8)), 3: features_of(now)})
    odds = learnt.log_odds(3, frame_of(3, now))
    assert odds.shape == now.shape
    assert odds[now].mean() > 0.5
    assert odds[~now].mean() < -0.5


def test_what_does_not_hold_on_the_next_key_slice_is_not_believed():
    seen = {0: features_of(disc(8)), 6: features_of(disc(9), meaning=-1), 3: features_of(disc(8))}
    learnt = learnt_from({0: disc(8), 6: disc(9)}, seen)
    assert learnt.trust(3) == 0
    assert not learnt.log_odds(3, frame_of(3, disc(8))).any()


def test_what_holds_between_two_key_slices_counts_there_though_it_does_not_hold_farther_on():
    seen = {index: features_of(disc(8 + index)) for index in (0, 1, 2, 4, 5)}
    seen[4] = features_of(disc(12), meaning=-1)
    learnt = learnt_from({0: disc(8), 2: disc(10), 4: disc(12)}, seen)
    assert learnt.trust(1) == 1
    assert learnt.trust(3) == learnt.trust(9) == 0


def test_key_slices_far_from_what_is_asked_are_not_looked_at():
    masks = {index: disc(8) for index in range(0, 60, 2)}
    looked = []

    def features_at(index, _frame):
        looked.append(index)
        return features_of(disc(8))

    Discriminant(features_at, frame_of, masks).log_odds(7, frame_of(7, disc(8)))
    assert set(looked) == {6, 7, 8}


def test_a_slice_that_is_object_all_over_teaches_nothing_and_breaks_nothing():
    everything = np.ones((SIDE, SIDE), bool)
    learnt = learnt_from({0: everything}, dict.fromkeys((0, 1), features_of(everything)))
    assert not learnt.log_odds(1, frame_of(1, everything)).any()


def test_nothing_is_said_of_pixels_that_the_region_does_not_show():
    region = Frame((SIDE, SIDE), SIDE, roi=frame_of(0, disc(8)).roi._replace(side=40))
    learnt = learnt_from({0: disc(8)}, {0: features_of(disc(8)), 1: features_of(disc(8))})
    assert not learnt.log_odds(1, region)[41:, 41:].any()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_model("builtin"))


def test_the_built_in_model_learns_a_texture_that_grey_values_do_not_tell(engine):
    noise = np.random.default_rng(1).normal(0, 30, (2, SIDE, SIDE))
    slices = [
        np.where(disc(radius), image, 0) for radius, image in zip((14, 17), noise, strict=True)
    ]
    volume = Volume.from_array(np.float32(slices))
    keys = {0: disc(14)}

    def unsure(_index: int, prompts: Prompts) -> Prediction:
        frame = Frame((SIDE, SIDE), 128)
        answer = unsure_of(prompts.mask, 0.1)
        return replace(answer, candidates=(replace(answer.chosen, frame=frame),))

    learnt = engine.discriminant(volume, 0, None, keys)
    blind = propagate(unsure, keys, 0, 1)[1].mask
    seen = propagate(unsure, keys, 0, 1, learnt=learnt)[1].mask
    assert dice(seen, disc(17)) > dice(blind, disc(17)) + 0.04


def test_a_system_that_sees_whole_slices_only_learns_nothing(engine):
    system = copy(engine.system)
    system.contract = replace(system.contract, zoom=False)
    volume = Volume.from_array(np.zeros((2, SIDE, SIDE), np.float32))
    assert Engine(system).discriminant(volume, 0, None, {0: disc(8)}) is None
