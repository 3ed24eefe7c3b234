"""Labels get their colours from napari as ever, but without a wait."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_samunet.plugin.planes import direct

COLORS = {1: (1.0, 0.2, 0.0, 1.0), 2: (0.1, 0.3, 0.9, 0.0), 65535: (0.4, 0.4, 0.1, 1.0)}
GREY = (0.7, 0.7, 0.7, 1.0)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16, np.int32])
@pytest.mark.parametrize("known", [{}, COLORS])
@pytest.mark.parametrize("alone", [False, True])
def test_every_number_has_the_colour_that_napari_gives_it(kind, known, alone):
    limits = np.iinfo(kind)
    numbers = np.arange(max(limits.min, -70000), min(limits.max, 70000) + 1).astype(kind)
    ours = direct(known, GREY)
    theirs = DirectLabelColormap(color_dict=dict(ours.color_dict))
    for colors in (ours, theirs):
        colors.use_selection, colors.selection = alone, 1
    np.testing.assert_array_equal(ours.map(numbers), theirs.map(numbers))


def test_napari_asks_for_the_colours_in_the_way_that_is_quick(monkeypatch):
    def one_by_one(*_):
        pytest.fail("an object with another colour holds the window for tens of milliseconds")

    monkeypatch.setattr(DirectLabelColormap, "_map_without_cache", one_by_one)
    layer = Labels(np.zeros((5, 5), np.uint16), colormap=direct({}))
    layer.colormap = direct(COLORS, GREY)
    red, grey = layer.colormap.map(np.array([1, 3], np.uint16))
    np.testing.assert_allclose((red, grey), (COLORS[1], GREY), rtol=1e-6)


def test_a_copy_of_the_layer_is_drawn_in_the_same_colours():
    layer = Labels(np.eye(3, dtype=np.uint16), colormap=direct(COLORS, GREY))
    twin = Labels.create(*copy.deepcopy(layer.as_layer_data_tuple()))
    np.testing.assert_array_equal(twin.colormap.map(twin.data), layer.colormap.map(layer.data))
