"""What lies under the mouse, where the axes of an image are shown in another order."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.reader import layer_of
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _sagittal(screen):
    """Sagittal slices 4 mm apart with pixels of 0.6 mm, as the reader opens them."""
    screen.viewer.layers.clear()
    affine = np.zeros((4, 4))
    affine[0, 0], affine[2, 1], affine[1, 2], affine[3, 3] = -4, -0.6, -0.6, 1
    source = Source(kind="nifti", sized="voxel", place="sform")
    volume = Volume(np.zeros((7, 200, 240), np.float32), affine, source=source)
    data, kwargs, _kind = layer_of(volume, "knee")
    return screen.add_image(data, **kwargs)


def _pixels_away(screen, image, rc, other_rc):
    here, there = screen.pixel(image, *rc), screen.pixel(image, *other_rc)
    return np.hypot(here.x() - there.x(), here.y() - there.y())


@pytest.mark.parametrize("aside", [(5, 0), (0, 5)])
def test_a_click_on_a_sagittal_volume_is_taken_hold_of_near_its_mark(screen, aside):
    image = _sagittal(screen)
    screen.click(100, 120)
    near = (100 + aside[0], 120 + aside[1])
    assert 2 < _pixels_away(screen, image, (100, 120), near) < 7
    screen.hover(*near)
    screen.press(Qt.Key.Key_Delete)
    assert not screen.session.prompts


def test_a_click_on_reformatted_slices_is_not_taken_hold_of_from_far_away(screen):
    image = _sagittal(screen)
    ref = SliceRef(1, 100)
    show_plane(screen.viewer, image, ref)
    screen.viewer.reset_view()
    screen.settle(0.1)
    assert screen.controller.shown_ref() == ref
    screen.click(3, 120)
    far = (3, 135)
    assert _pixels_away(screen, image, (3, 120), far) > 15
    screen.hover(*far)
    screen.press(Qt.Key.Key_Delete)
    screen.settle(0.1)
    assert "under the mouse" in screen.widget.status.text
    assert len(screen.session.prompts) == 1
