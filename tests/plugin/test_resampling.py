"""Two images that lie askew are laid on each other when a person asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton

from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import volume_of

pytestmark = pytest.mark.viewer


def _turned(degrees: float) -> Volume:
    turn, affine = np.radians(degrees), np.zeros((4, 4))
    affine[:3, 0], affine[3, 3] = (0, 0, 1), 1
    affine[:3, 1] = (-np.sin(turn), np.cos(turn), 0)
    affine[:3, 2] = (np.cos(turn), np.sin(turn), 0)
    values = np.arange(10 * 12 * 14.0).reshape(10, 12, 14)
    return Volume(values, affine, source=Source(kind="nifti", place="sform"))


def test_an_askew_image_comes_as_a_new_layer_on_the_grid_of_the_chosen_one(screen):
    images = {}
    for name, degrees in (("T2", 20), ("CT", 0)):
        data, described, _kind = layer_of(_turned(degrees), name)
        images[name] = screen.viewer.add_image(data, **described)
        screen.settle()
    (button,) = (
        button
        for button in screen.widget.image.findChildren(QPushButton)
        if button.text().startswith("Resample")
    )
    assert button.isVisible()
    assert "'T2'" in button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    screen.until(lambda: "T2 on CT" in screen.viewer.layers)
    added = screen.viewer.layers["T2 on CT"]
    np.testing.assert_array_equal(added.extent.world, images["CT"].extent.world)
    np.testing.assert_array_equal(volume_of(added).affine, volume_of(images["CT"]).affine)
    stored = volume_of(added).array  # towards anterior, and is shown towards posterior
    np.testing.assert_array_equal(added.data, stored[:, ::-1, ::-1])
    assert "interpolated" in screen.controller.notice


def test_nothing_is_offered_where_images_lie_on_each_other(screen):
    for name in ("one", "two"):
        data, described, _kind = layer_of(_turned(0), name)
        screen.viewer.add_image(data, **described)
    screen.settle(0.1)
    buttons = screen.widget.image.findChildren(QPushButton)
    assert not [
        button for button in buttons if button.text().startswith("Resample") and button.isVisible()
    ]
