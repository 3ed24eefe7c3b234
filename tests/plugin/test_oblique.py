"""On a layer that lies askew in the world, a click still means the pixel that is seen there."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.plugin.coordinates import locate, show_plane, shown_slice
from napari_samunet.plugin.framing import bring_into_view
from napari_samunet.types import SliceRef

SHAPE = (40, 60, 80)
STEEP = 50
PIXELS = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)


def _affine(degrees=20, scale=(1, 1, 1)):
    """Turned out of the axial plane and within it, sheared a little, and moved."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    out, within = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.eye(3)
    within[1:, 1:] = [[0.8, -0.6], [0.6, 0.8]]
    matrix = np.eye(4)
    matrix[:3, :3] = out @ within @ [[1, 0, 0], [0, 1, 0.1], [0, 0, 1]] * scale
    matrix[:3, 3] = (100, -20, 7)
    return matrix


def _viewer(**kwargs):
    viewer = ViewerModel()
    return viewer, viewer.add_image(PIXELS, **{"affine": _affine(), **kwargs})


def _seen(layer, axis):
    """Index of the slice that napari shows, read off the pixels themselves."""
    shown = np.unravel_index(np.asarray(layer._slice.image.raw).astype(int), SHAPE)[axis]
    (index,) = np.unique(shown)
    return index


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("kwargs", [{}, {"affine": _affine(35, (3, 1, 0.5))}])
def test_the_slice_is_the_one_that_napari_shows(order, kwargs):
    viewer, layer = _viewer(**kwargs)
    viewer.dims.order = order
    found = 0
    for place in np.linspace(*viewer.dims.range[order[0]][:2], 40):
        viewer.dims.set_point(order[0], place)
        try:
            ref = shown_slice(viewer, layer)
        except OutsideImage:
            continue
        assert ref == SliceRef(order[0], _seen(layer, order[0]))
        found += 1
    assert found > 2


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("units", ["mm", "um"])
def test_the_viewer_goes_to_a_slice_that_is_asked_for(axis, units):
    viewer, layer = _viewer(units=("mm",) * 3)
    viewer.add_image(np.zeros((9, 9, 9), np.float32), units=(units,) * 3)
    show_plane(viewer, layer, SliceRef(axis, 17))
    assert shown_slice(viewer, layer) == SliceRef(axis, 17)
    assert _seen(layer, axis) == 17


def test_an_image_that_is_chosen_comes_into_view_however_steep_it_lies():
    viewer, layer = _viewer(affine=_affine(STEEP))
    viewer.add_image(np.zeros((9, 9, 9), np.float32), translate=(-900, 0, 0))
    viewer.dims.set_point(0, -895)
    bring_into_view(viewer, layer)
    assert shown_slice(viewer, layer) == SliceRef(0, (SHAPE[0] - 1) // 2)


def test_a_layer_that_stands_upright_on_the_screen_cannot_be_clicked():
    upright = np.eye(4)[[1, 0, 2, 3]]
    viewer, layer = _viewer(affine=upright)
    with pytest.raises(InputError, match="another axis order"):
        locate(viewer, layer, (3, 4, 5))
    show_plane(viewer, layer, SliceRef(0, 3))
    assert np.isfinite(viewer.dims.point).all()


@pytest.mark.viewer
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_click_and_its_mark_lie_on_the_pixel_under_the_mouse(screen, order):
    screen.viewer.layers.clear()
    image = screen.add_image(PIXELS, affine=_affine(35))
    viewer = screen.viewer
    viewer.dims.order = order
    show_plane(viewer, image, SliceRef(order[0], 25))
    viewer.reset_view()
    screen.settle()
    place = QPoint(screen.canvas.width() // 2 + 9, screen.canvas.height() // 2 - 14)
    QTest.mouseMove(screen.canvas, place)
    QTest.mouseClick(
        screen.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place
    )
    screen.answered()
    (prompt,) = screen.session.prompts
    assert prompt.ref == SliceRef(order[0], _seen(image, order[0]))
    (mark,) = screen.controller.work.shown.find("points").data
    np.testing.assert_array_equal(np.delete(mark, order[0]), prompt.points[0])
    # The one way to where napari draws a pixel of a layer; its columns come before its rows.
    drawn = viewer.window._qt_window._qt_viewer.canvas.layer_to_visual[image].node
    column, row = np.flip(prompt.points[0])
    to_canvas = drawn.get_transform("visual", "canvas")
    corners = to_canvas.map([(column, row), (column + 1, row), (column, row + 1)])[:, :2]
    size = max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[0]))
    middle = (corners[1] + corners[2]) / 2
    assert np.linalg.norm(middle - (place.x(), place.y())) <= 0.75 * size + 1
