"""A stroke of napari's own tools is looked for where it was painted, and found there."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.display import Display
from napari_samunet.plugin.touched import touched_slices
from napari_samunet.plugin.volumes import METADATA_KEY, stored_data

SHAPE = (6, 30, 40)
LPS, RAI, SAGITTAL = (
    np.diag([-1.0, -1, 1, 1])[:, [2, 1, 0, 3]],
    np.diag([1.0, 1, -1, 1])[:, [2, 1, 0, 3]],
    np.eye(4)[:, [0, 2, 1, 3]],
)
STORED = [(LPS, SHAPE), (RAI, SHAPE), (SAGITTAL, (40, 6, 30))]  # all are shown as SHAPE


def _brush(layer: Labels) -> None:
    layer.brush_size = 5
    layer.paint((2, 10, 12), 1)


def _ball(layer: Labels) -> None:
    layer.brush_size, layer.n_edit_dimensions = 4, 3
    layer.paint((3, 4, 9), 1)


def _stroke(layer: Labels) -> None:
    with layer.block_history():
        layer.paint((1, 10, 12), 1)
        layer.paint((4, 20, 12), 2)


def _single_voxels(layer: Labels) -> None:
    layer.data_setitem((np.array([1, 5]), np.array([2, 7]), np.array([3, 30])), 4)


def _fill(layer: Labels) -> None:
    layer.fill((2, 3, 3), 3)


@pytest.mark.parametrize(("affine", "shape"), STORED)
@pytest.mark.parametrize("paint", [_brush, _ball, _stroke, _single_voxels, _fill])
def test_all_that_was_painted_lies_in_the_touched_slices(affine, shape, paint):
    volume = Volume(np.zeros(shape), affine, source=Source(place="sform"))
    shown = Display.of(volume).shown(np.zeros(shape, np.uint16))
    assert shown.shape == SHAPE
    layer = ViewerModel().add_labels(shown, metadata={METADATA_KEY: {"volume": volume}})
    told = []
    layer.events.paint.connect(lambda event: told.extend(event.value))
    paint(layer)
    assert layer.data.any()
    written = set(np.flatnonzero(stored_data(layer).any(axis=(1, 2))).tolist())
    assert touched_slices(layer, told) == written


def test_a_flat_image_is_one_slice():
    assert touched_slices(Labels(np.zeros((5, 6), int)), [((slice(0, 2), slice(0, 2)),)]) == {0}


@pytest.mark.parametrize("value", [None, [None], [()], 3])
def test_where_napari_does_not_tell_the_place_every_slice_counts(value):
    assert touched_slices(Labels(np.zeros(SHAPE, int)), value) == set(range(SHAPE[0]))
