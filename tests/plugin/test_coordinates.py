"""The pixel under the mouse is the one that the model is told about."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.plugin.coordinates import data_position, locate, plane_index, shown_slice
from napari_samunet.types import SliceRef

SHAPE = (5, 30, 40)


def _viewer(**kwargs):
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros(SHAPE, np.float32), **kwargs)
    return viewer, layer


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
def test_every_axis_order_finds_the_voxel(order):
    viewer, layer = _viewer(scale=(5, 0.7, 0.7), translate=(100, -20, 3))
    viewer.dims.order = order
    voxel = (3, 21, 9)
    world = layer.data_to_world(voxel)
    viewer.dims.point = world
    spot = locate(viewer, layer, world)
    axis = order[0]
    assert spot.ref == SliceRef(axis, voxel[axis])
    assert (spot.row, spot.col) == tuple(np.delete(voxel, axis))
    assert data_position(layer, spot.ref, (spot.row, spot.col)) == voxel
    assert layer.data[plane_index(3, spot.ref)].shape == tuple(np.delete(SHAPE, axis))


def test_a_second_layer_of_other_spacing_does_not_shift_the_slice():
    viewer, layer = _viewer(scale=(5, 1, 1))
    viewer.add_image(np.zeros((20, 30, 40), np.float32), scale=(1.25, 1, 1))
    viewer.dims.point = (15, 0, 0)
    assert shown_slice(viewer, layer) == SliceRef(0, 3)


def test_a_layer_in_micrometres_does_not_multiply_the_slice_by_a_thousand():
    viewer, layer = _viewer(scale=(1, 1, 1), units=("mm", "mm", "mm"))
    viewer.add_image(np.zeros((9, 9, 9), np.float32), units=("um", "um", "um"))
    factor = float((1 * layer.units[0]).to(viewer.layers.units[0]).magnitude)
    viewer.dims.point = (3 * factor, 0, 0)
    assert shown_slice(viewer, layer) == SliceRef(0, 3)


def test_a_picture_beside_a_volume_is_its_one_slice():
    viewer, _ = _viewer()
    picture = viewer.add_image(np.zeros((30, 40, 3), np.uint8), rgb=True)
    spot = locate(viewer, picture, (2, 4.4, 6.6))
    assert (spot.ref, spot.row, spot.col) == (SliceRef(0, 0), 4, 7)


def test_outside_and_3d_views_are_told_apart_from_clicks():
    viewer, layer = _viewer()
    with pytest.raises(OutsideImage):
        locate(viewer, layer, (2, 29.6, 3))
    with pytest.raises(OutsideImage):
        locate(viewer, layer, (2, -0.6, 3))
    viewer.dims.ndisplay = 3
    with pytest.raises(InputError):
        locate(viewer, layer, (2, 3, 3))
