"""Window presets are those that a reader knows by name."""

from __future__ import annotations

import pytest

from napari_samunet.preprocess.presets import window_presets

FOR_THE_HEAD = ["brain", "subdural", "stroke"]
FOR_THE_BODY = ["bone", "lung", "mediastinum", "abdomen", "liver", "spine", "angiography"]


def test_every_preset_that_a_reader_asks_for_is_there():
    assert [preset.name for preset in window_presets("CT")] == FOR_THE_HEAD + FOR_THE_BODY
    assert window_presets("MR") == ()


def test_level_and_width_become_the_lowest_and_highest_shown_value():
    windows = {preset.name: preset.window for preset in window_presets()}
    assert windows["lung"] == (-1350, 150)
    assert windows["abdomen"] == (-160, 240)


@pytest.mark.parametrize("preset", window_presets(), ids=lambda preset: preset.name)
def test_a_preset_shows_the_tissue_that_it_is_named_for(preset):
    typical = {"lung": -800, "bone": 700, "angiography": 300}.get(preset.name, 45)
    low, high = preset.window
    assert low < typical < high
