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


def _askew(screen):
    """Two images of one patient, the second of which is chosen."""
    images = {}
    for name, degrees in (("T2", 20), ("CT", 0)):
        data, described, _kind = layer_of(_turned(degrees), name)
        images[name] = screen.viewer.add_image(data, **described)
        screen.settle()
    return images


def _button(screen):
    (button,) = (
        button
        for button in screen.widget.image.findChildren(QPushButton)
        if button.text().startswith("Resample")
    )
    return button


def test_an_askew_image_comes_as_a_new_layer_on_the_grid_of_the_chosen_one(screen):
    images = _askew(screen)
    button = _button(screen)
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


@pytest.mark.parametrize("others", [0, 1])
def test_who_works_on_while_an_image_is_resampled_keeps_image_and_selection(screen, others):
    images, work = _askew(screen), screen.controller.work
    landmarks = [screen.viewer.add_points(ndim=3, name="landmarks") for _ in range(others)]
    selected = (*landmarks, images["CT"])[0]
    screen.viewer.layers.selection.active = selected
    screen.settle()
    QTest.mouseClick(_button(screen), Qt.MouseButton.LeftButton)
    screen.until(lambda: "T2 on CT" in screen.viewer.layers)
    assert screen.controller.work is work
    assert screen.viewer.layers.selection.active is selected
    assert images["CT"].visible
    assert not screen.viewer.layers["T2 on CT"].visible, "it would lie over what is worked on"
    screen.viewer.layers.selection.active = screen.viewer.layers["T2 on CT"]
    screen.settle()
    assert screen.viewer.layers["T2 on CT"].visible


def test_a_stroke_is_not_disturbed_by_an_image_that_arrives_resampled(screen):
    _askew(screen)
    image = screen.controller.work.image
    screen.viewer.reset_view()
    screen.press(Qt.Key.Key_J)
    places = [screen.pixel(image, *place) for place in ((3, 3), (4, 5), (6, 9))]
    QTest.mouseClick(_button(screen), Qt.MouseButton.LeftButton)
    QTest.mouseMove(screen.canvas, places[0])
    QTest.mousePress(screen.canvas, Qt.MouseButton.LeftButton, pos=places[0])
    screen.until(lambda: "T2 on CT" in screen.viewer.layers)
    for place in places[1:]:
        screen._move(place, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(screen.canvas, Qt.MouseButton.LeftButton, pos=places[-1])
    screen.settle()
    assert screen.controller.work.image is image
    assert [prompt.kind for prompt in screen.session.prompts] == ["mask"]


def test_nothing_is_offered_where_images_lie_on_each_other(screen):
    for name in ("one", "two"):
        data, described, _kind = layer_of(_turned(0), name)
        screen.viewer.add_image(data, **described)
    screen.settle(0.1)
    buttons = screen.widget.image.findChildren(QPushButton)
    assert not [
        button for button in buttons if button.text().startswith("Resample") and button.isVisible()
    ]
