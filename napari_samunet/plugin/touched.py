"""Where in the volume napari's own tools wrote, as its paint event tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.plugin.volumes import display_of

if TYPE_CHECKING:
    from napari.layers import Labels


def touched_slices(layer: Labels, edits: Any) -> set[int]:
    """Return the slices along axis 0 of the volume that hold what was painted.

    Parameters
    ----------
    layer : napari.layers.Labels
        2-D or 3-D.
    edits : list of tuple
        The value of the layer's paint event: what was written, each beginning with an index into
        the layer's array. All slices are returned where it is something else.
    """
    if layer.ndim == 2:
        return {0}
    display = display_of(layer)
    shown = display.axes.index(0)
    stored = np.arange(display.shape[0])[:: -1 if display.flipped[shown] else 1]
    try:
        return {int(z) for edit in edits for z in np.unique(stored[edit[0][shown]])}
    except (TypeError, IndexError):
        return set(stored.tolist())
