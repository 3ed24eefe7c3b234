"""A box may mean the brighter or the darker part of what it holds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.parts import brightness_parts
from napari_samunet.inference.zoom import zoomed
from napari_samunet.prompts.prompts import Prompts

SHAPE = (50, 50)
BOX = Prompts(box=(10, 10, 39, 39))


def block() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[10:40, 10:40] = True
    return mask


def fork() -> np.ndarray:
    """A bright U in the block, which fills less than half of it."""
    mask = block()
    mask[10:33, 17:33] = False
    return mask


def picture() -> np.ndarray:
    return np.where(fork(), 180.0, 60.0) + np.random.default_rng(1).normal(0, 8, SHAPE)


def view(grey: np.ndarray) -> SimpleNamespace:
    """Finds the block, whatever is in it, and then what it is shown."""

    def answer(_frame: object, prompts: Prompts, _previous: object) -> object:
        return painted_prediction(block() if prompts.mask is None else prompts.mask)

    return SimpleNamespace(shape=SHAPE, grey=grey, answer=answer, frame=lambda _roi: None)


def test_a_fork_and_what_it_encloses_are_told_apart():
    bright, dark = brightness_parts(picture(), block())
    assert (bright ^ fork()).sum() < 0.06 * fork().sum()
    np.testing.assert_array_equal(bright ^ dark, block())


def test_what_is_of_one_grey_has_one_part_at_most():
    assert len(list(brightness_parts(np.full(SHAPE, 7), block()))) <= 1


def test_a_few_pixels_have_no_parts():
    few = np.zeros(SHAPE, bool)
    few[20, 20:25] = True
    assert not list(brightness_parts(picture(), few))


def test_the_parts_of_an_answer_to_a_box_are_offered_behind_it():
    answer = zoomed(view(picture()), BOX, None)
    np.testing.assert_array_equal(answer.mask, block())
    assert len(answer.candidates) == 3
    assert (answer.candidates[1].mask ^ fork()).sum() < 0.06 * fork().sum()


def test_parts_that_are_the_answer_over_again_are_not_offered():
    stubborn = view(picture())
    stubborn.answer = lambda *_: painted_prediction(block())
    assert len(zoomed(stubborn, BOX, None).candidates) == 1


def test_parts_in_which_nothing_is_found_are_not_offered():
    blind = view(picture())
    blind.answer = lambda _frame, prompts, _previous: painted_prediction(
        block() if prompts.mask is None else np.zeros(SHAPE, bool)
    )
    assert len(zoomed(blind, BOX, None).candidates) == 1
