"""Where volumes of one patient lie to each other on a canvas that only knows straight axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_samunet.geometry import (
    directions_of,
    index_to_world,
    spacing_of,
    world_to_index,
)
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.display import Display, shown_affine
from napari_samunet.plugin.volumes import volume_behind
from napari_samunet.types import FloatArray

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList
    from napari.layers import Layer

PARALLEL_DEG = 1.0
_TURNED = "its axes are turned by"


def turn_degrees(first: Volume, second: Volume) -> float:
    """Largest angle between the axes of two volumes as they are shown, in whatever order stored."""
    one, other = (directions_of(shown_affine(volume)) for volume in (first, second))
    return float(np.degrees(np.arccos(np.clip((one * other).sum(axis=0), -1, 1))).max())


def translation(volume: Volume, *beside: Layer) -> FloatArray:
    """Millimetres along the displayed axes that put a volume at its place in the patient.

    Parameters
    ----------
    volume : Volume
    *beside : Layer
        Those that are there. The middle of the volume comes to lie where the first of them that is
        parallel shows the same place of the patient, wherever it stands itself: they may be turned
        by a fraction of a degree, and far from the origin that is millimetres.
    """
    if volume.source.kind == "array" or not volume.is_placed:
        return np.zeros(3)
    own = shown_affine(volume)
    middle = (np.array(volume.shape)[list(Display.of(volume).axes)] - 1) / 2
    patient = index_to_world(middle, own)
    for layer in beside:
        shown = volume_behind(layer)
        if shown is not None and layer.ndim == 3 and _parallel(volume, shown):
            there = Display.of(shown).to_shown(world_to_index(patient, shown.affine))
            return np.asarray(layer.data_to_world(there)) - middle * spacing_of(own)
    return np.linalg.solve(directions_of(own), patient) - middle * spacing_of(own)


def _parallel(volume: Volume, other: Volume) -> bool:
    return other.is_placed and turn_degrees(volume, other) <= PARALLEL_DEG


def misfit(volume: Volume, layers: LayerList) -> str:
    """Say which shown images do not lie on a volume though they are drawn over it; "" for none."""
    found = {}
    for layer in layers:
        other = volume_behind(layer) if isinstance(layer, Image) and layer.visible else None
        reason = "" if other is None or other is volume else _reason(volume, other)
        if reason:
            found[id(other)] = f"'{layer.name}' does not align with it: {reason}."
    return " ".join(found.values())


def turned(volume: Volume, layers: LayerList) -> list[Layer]:
    """Image layers that would lie on a volume if their axes were not turned."""
    images = [layer for layer in layers if isinstance(layer, Image)]
    behind = [(layer, volume_behind(layer)) for layer in images]
    return [
        layer
        for layer, other in behind
        if other is not None and other is not volume and _reason(volume, other).startswith(_TURNED)
    ]


def _reason(volume: Volume, other: Volume) -> str:
    if "array" in (volume.source.kind, other.source.kind):
        return ""
    if not volume.is_placed:
        return "the place of the chosen image is not known"
    if not other.is_placed:
        return "its place is not known"
    frames = {_frame_of_reference(volume), _frame_of_reference(other)} - {""}
    if len(frames) > 1:
        return "it has another frame of reference"
    turn = turn_degrees(volume, other)
    return f"{_TURNED} {turn:.0f}°" if turn > PARALLEL_DEG else ""


def _frame_of_reference(volume: Volume) -> str:
    source = volume.source
    return text_of(source.header[0], "FrameOfReferenceUID") if source.kind == "dicom" else ""
