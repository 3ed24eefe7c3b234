"""The shipped weights answer fixed prompts as they did when they were shipped."""

from __future__ import annotations

import json

import numpy as np
import pytest
from golden import FROZEN, packed, replay, unpacked

from napari_samunet.inference.postprocess import likeness

ROUNDING = 0.99
"""Dice: other processors and versions of torch round otherwise, and move a pixel of an edge."""
STORED = json.loads(FROZEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def answers():
    return replay()


@pytest.mark.parametrize("step", STORED)
def test_the_same_prompts_give_the_same_mask(answers, step):
    wanted = unpacked(STORED[step])
    assert likeness(answers[step], wanted) >= ROUNDING, (
        f"{step}: {answers[step].sum()} pixels, frozen were {wanted.sum()}. New weights? Look at "
        "their answers, then run tests/inference/golden.py."
    )


def test_no_step_is_left_unfrozen(answers):
    assert list(answers) == list(STORED)


def test_a_frozen_mask_comes_back_whole():
    mask = np.random.default_rng(0).random((7, 9)) > 0.5
    np.testing.assert_array_equal(unpacked(packed(mask)), mask)
