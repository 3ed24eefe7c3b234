"""napari's File > Open Sample: an abdomen that is nobody's."""

from __future__ import annotations

from napari_samunet.io.sample import sample_volume
from napari_samunet.plugin.reader import LayerData, layer_of

SAMPLE_NAME = "sample CT"


def abdomen() -> list[LayerData]:
    """Make the sample CT."""
    return [layer_of(sample_volume(), SAMPLE_NAME)]
