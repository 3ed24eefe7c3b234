"""An object that is carried on is told by its grey values as well as by model and shape."""

from __future__ import annotations

import numpy as np
from unsure import unsure_of

from napari_samunet.inference.appearance import Appearance
from napari_samunet.inference.ending import Ending
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.propagation import propagate
from napari_samunet.prompts.prompts import Prompts

SHAPE = (40, 40)


def disc(radius: float) -> np.ndarray:
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (rows - 20) ** 2 + (columns - 20) ** 2 <= radius**2


def picture(mask: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 3, SHAPE)
    return np.where(mask, 100.0, 40.0) + noise


def test_pixels_that_look_like_the_object_speak_for_it_and_others_against():
    looks = Appearance(lambda _index: picture(disc(8)), {0: disc(8)})
    odds = looks.log_odds(3)
    assert (odds[disc(6)] > 1).all()
    assert (odds[disc(16) & ~disc(11)] < -1).all()


def test_an_object_that_looks_like_its_surroundings_is_not_told_by_its_looks():
    looks = Appearance(lambda _index: np.full(SHAPE, 7.0), {0: disc(8)})
    assert np.abs(looks.log_odds(1)).max() < 0.5


def test_the_edge_follows_the_image_where_model_and_shape_know_only_the_key_slices():
    radii = {0: 9, 1: 11, 2: 9}  # it is thicker in the middle than on both key slices

    def slice_at(index: int) -> np.ndarray:
        return picture(disc(radii[index]))

    def unsure(_index: int, prompts: Prompts) -> Prediction:
        return unsure_of(prompts.mask, 1)

    keys = {0: disc(9), 2: disc(9)}
    blind = propagate(unsure, keys, 0, 2)[1].mask
    seen = propagate(unsure, keys, 0, 2, looks=Appearance(slice_at, keys))[1].mask
    assert (blind ^ disc(11)).sum() > 80
    assert (seen ^ disc(11)).sum() < 80


def test_a_carried_mask_does_not_leak_into_a_neighbour_that_looks_alike():
    body = disc(9) | (np.abs(np.arange(40) - 20) <= 2)[:, None]  # a vessel runs into it
    keys = {0: disc(9)}
    looks = Appearance(lambda index: picture(disc(9) if index == 0 else body), keys)
    echo = lambda _index, prompts: painted_prediction(prompts.mask)  # noqa: E731
    last = propagate(echo, keys, 0, 8, looks=looks)[8].mask
    assert (last & ~disc(13)).sum() == 0


def test_an_object_ends_where_what_is_under_the_mask_does_not_look_like_it():
    keys = {0: disc(8), 3: disc(8)}
    looks = Appearance(lambda index: picture(disc(8) if index < 6 else disc(0)), keys)
    ending = Ending(looks, keys, (1.0, 1.0, 1.0))
    echo = lambda _index, prompts: painted_prediction(prompts.mask)  # noqa: E731
    assert not ending.is_past(5, disc(8), 3)
    assert ending.is_past(6, disc(8), 3)
    assert max(propagate(echo, keys, 0, 9, ending=ending, looks=looks)) == 5


def test_between_alike_slices_the_shape_stands_and_between_unlike_ones_it_bends():
    def wider(_index: int, prompts: Prompts) -> Prediction:
        return unsure_of(disc(13), 1)

    alike = propagate(wider, {0: disc(10), 2: disc(10)}, 0, 2)[1].mask
    unlike = propagate(wider, {0: disc(5), 2: disc(15)}, 0, 2)[1].mask
    assert (alike ^ disc(10)).sum() < (disc(12) ^ disc(10)).sum()
    assert (unlike ^ disc(10)).sum() > (disc(12) ^ disc(10)).sum()
