"""A scribble as points: how a stroke of the brush prompts a system that knows no strokes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_samunet.errors import EmptyPrompt
from napari_samunet.types import BoolArray, FloatArray

MOST_POINTS = 5
"""Points of one stroke: enough to follow it, few enough to stay within what was trained."""


def scribble_to_points(scribble: BoolArray) -> FloatArray:
    """Spread up to five points over a scribble (H, W): (N, 2), (row, column).

    The first is the deepest pixel of the stroke; each further one is the pixel of the stroke that
    is farthest from those before, until the farthest is nearer than a tenth of the stroke's extent.

    Raises
    ------
    EmptyPrompt
        If nothing was drawn.
    """
    pixels = np.argwhere(scribble)
    if not len(pixels):
        raise EmptyPrompt("A scribble needs at least one pixel; none was drawn.")
    depth = ndimage.distance_transform_edt(np.pad(scribble, 1))[1:-1, 1:-1]
    chosen = [pixels[depth[tuple(pixels.T)].argmax()]]
    enough = max(np.ptp(pixels, axis=0).max() / 10, 1.5)
    distance = np.linalg.norm(pixels - chosen[0], axis=1)
    while len(chosen) < MOST_POINTS and distance.max() >= enough:
        chosen.append(pixels[distance.argmax()])
        distance = np.minimum(distance, np.linalg.norm(pixels - chosen[-1], axis=1))
    return np.array(chosen, dtype=np.float64)
