"""Colours of objects that a person tells apart."""

from __future__ import annotations

import colorsys

from napari_samunet.io.segments import Color

_GOLDEN_RATIO = 0.618033988749895  # of a circle: steps of it never come close to each other soon
_DISTINCT = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    # From here on the one of a grid that lies farthest from all before it, for all eyes.
    (153, 255, 221),
    (153, 238, 255),
    (102, 204, 136),
    (153, 255, 170),
    (51, 153, 68),
    (119, 204, 187),
    (51, 136, 119),
    (102, 136, 255),
    (119, 187, 204),
    (221, 136, 153),
    (255, 85, 85),
    (204, 204, 102),
    (170, 102, 153),
)


def color_of(number: int) -> Color:
    """Return a colour for an object.

    The first seven are those of Okabe and Ito (2008) without black, which are told apart with
    every kind of colour blindness, the next ones by who sees no red or no green; those after them
    lie far apart on the colour circle.
    """
    if number <= len(_DISTINCT):
        red, green, blue = _DISTINCT[number - 1]
        return red / 255, green / 255, blue / 255
    hue = (0.08 + (number - 1) * _GOLDEN_RATIO) % 1.0
    return colorsys.hsv_to_rgb(hue, 0.75, 0.95)
