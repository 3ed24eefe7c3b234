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
# From the 21st on: red, green and blue in 16 steps each. Each one is that of the whole grid which
# lies farthest (CIEDE2000) from all before it, among those that are bright enough to be drawn as
# they are, and as unlike any grey of an image as the twenty.
_LATER = """
    dcf 874 fb9 a5f a76 890 af0 f9f 77a 9a7 fcd efc 5c0 a9d f4d b96 fd9 289 f85 b70 0aa 9bf
    0ff d57 f80 785 0f4 ba0 a80 580 fc3 ad7 b7c f9c faa d87 ea6 7a4 a67 f52 29f c85 ef8 7a8
    c9c 9b0 f5a adb 87d 0ea 1b9 c64 57b 49b bc9 0de 0b4 aa5 db6 bd0 c8f c66 bbf a74 ebe a8a
    0d6 96b dab 99f c5b d5f 0db 586 fc9 f88 0cf e7c ef0 af7 883 871 0bc f68 daf d80 8b7 8cf
    8dd fb5 698 cfc b89 0fd a7f 97a d97 696 dd9 599 76f 0f8 584 a77 bff ea9 c59 a95 3a0 78c
    cfa fe8 d71 0cc db8 d74 c94 0b7 7bb 9d3 a84 f60 7c6 9d9 7ed 388 4a9 895 cc0 8df
"""
_COLORS = (*_DISTINCT, *([17 * int(step, 16) for step in made] for made in _LATER.split()))


def color_of(number: int) -> Color:
    """Return a colour for an object.

    The first seven are those of Okabe and Ito (2008) without black, which are told apart with
    every kind of colour blindness, the next ones by who sees no red or no green, and the first
    150 by who sees all colours; those after them lie far apart on the colour circle.
    """
    if number <= len(_COLORS):
        red, green, blue = _COLORS[number - 1]
        return red / 255, green / 255, blue / 255
    hue = (0.08 + (number - 1) * _GOLDEN_RATIO) % 1.0
    return colorsys.hsv_to_rgb(hue, 0.75, 0.95)
