"""What 3D Slicer says of segments in the header of a NRRD.

Form: https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from napari_samunet.io.segments import Color, default_name
from napari_samunet.io.slicer_tags import codes_in
from napari_samunet.io.words import Words

_KEY = re.compile(r"Segment(\d{1,9})_(?:ID|Name|LabelValue)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def slicer_words(told: Mapping[str, str], layer: int | None) -> Words:
    """Read order, names, colours and codes of the segments of one layer.

    Parameters
    ----------
    told : mapping
        The header's keys and values. Before version 4.11 they state neither numbers nor layers:
        each segment is the 1 in the layer of its own place.
    layer : int or None
        Counted from 0; None where there is but one.
    """
    words = Words()
    matches = map(_KEY.fullmatch, told)
    places = sorted({match[1] for match in matches if match}, key=int)
    is_old = not any(f"Segment{place}_LabelValue" in told for place in places)
    if is_old and layer is None and len(places) > 1:
        return words  # in one layer, and nothing tells whose number is which
    for place in places:
        start = f"Segment{place}_"
        usual = ("1", "0" if layer is None else place) if is_old else ("", "0")
        try:
            number = int(told.get(f"{start}LabelValue", usual[0]))
            where = int(told.get(f"{start}Layer") or usual[1])
        except ValueError:
            continue  # damaged: the voxels are there without its words
        if where != (layer or 0):
            continue
        words.places[number] = int(place)
        words.names[number] = told.get(f"{start}Name", "").strip() or default_name(number)
        words.codes[number] = codes_in(told.get(f"{start}Tags", ""))
        color = _color(told.get(f"{start}Color", ""))
        if color is not None:
            words.colors[number] = color
    return words


def _color(told: str) -> Color | None:
    parts = _NUMBER.findall(told)
    if len(parts) != 3:
        return None
    red, green, blue = (min(1.0, float(part)) for part in parts)
    return red, green, blue
