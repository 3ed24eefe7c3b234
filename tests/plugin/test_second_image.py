"""Two images in one window: what is seen is what is clicked."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.viewer
THIN = (3, 60, 80)


def test_each_image_has_its_own_session(screen):
    first = screen.controller.work
    screen.click(30, 40)
    screen.add_image(name="second")
    assert screen.controller.work is not first
    screen.click(10, 10)
    assert len(screen.session.prompts) == 1
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    assert screen.controller.work is first
    assert first.session.preview.mask[30, 40]


def test_the_slider_moves_into_an_image_that_is_opened_beside_the_slice(screen):
    screen.viewer.dims.set_point(0, 6)
    screen.add_image(np.zeros(THIN, np.float32), name="second", units=("mm",) * 3)
    assert screen.controller.work.image.name == "second"
    screen.click(30, 40)
    assert screen.session.preview.mask[30, 40]


def test_only_the_chosen_image_is_shown_with_what_belongs_to_it(screen):
    first = screen.controller.work
    screen.click(30, 40)
    second = screen.add_image(name="second")
    helpers = first.shown.helpers
    assert helpers
    assert not any(layer.visible for layer in (first.image, *helpers))
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    assert all(layer.visible for layer in (first.image, *helpers))
    assert not second.visible


def test_an_overlay_stays_over_the_image(screen):
    first = screen.controller.work.image
    screen.add_image(name="overlay", blending="additive")
    assert first.visible


def test_hidden_images_come_back_when_the_other_is_removed(screen):
    first = screen.controller.work.image
    second = screen.add_image(name="second")
    assert not first.visible
    screen.viewer.layers.remove(second)
    screen.settle()
    assert first.visible
    assert screen.controller.work.image is first


def test_the_person_is_told_when_the_slice_is_beside_the_image(screen):
    screen.add_image(np.zeros(THIN, np.float32), name="second")
    screen.viewer.dims.set_point(0, 6)
    screen.settle()
    assert "slider" in screen.widget.status.text
