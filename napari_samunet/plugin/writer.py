"""napari's writer: a labels layer into a file on the grid of the image that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_samunet.errors import ExportRefused
from napari_samunet.geometry import default_affine
from napari_samunet.io.export import export_labels
from napari_samunet.io.segments import Color, segments_of
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.display import Display
from napari_samunet.plugin.volumes import METADATA_KEY


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer; the suffix of ``path`` says in which format.

    Parameters
    ----------
    path : str
        The file.
    data : array, shape (A, B, C) or (Y, X)
        The labels as they are shown, 0 to 65535; the file gets them in the order of the image.
    attributes : dict
        What napari knows of the layer. Where our own session made it, its metadata holds the
        volume, and the file gets that one's exact geometry, and the names and colours of the
        objects; otherwise the layer's scale is used.

    Raises
    ------
    ExportRefused
        The labels are no labels of a volume.
    InputError
        The format is none that can be written.
    """
    labels = np.asarray(data)
    labels = labels[None] if labels.ndim == 2 else labels
    if labels.ndim != 3 or labels.min(initial=0) < 0 or labels.max(initial=0) > 65535:
        raise ExportRefused(
            "Labels of 2 or 3 dimensions with numbers from 0 to 65535 were wanted, but these have "
            f"{np.ndim(data)} dimensions, {labels.min(initial=0)} to {labels.max(initial=0)}."
        )
    known = attributes.get("metadata", {}).get(METADATA_KEY, {})
    volume = known.get("volume")
    stored = Display.of(volume).stored(labels) if isinstance(volume, Volume) else labels
    if not isinstance(volume, Volume) or volume.shape != stored.shape:
        volume = Volume(labels, default_affine(_spacing(attributes, np.ndim(data))))
        stored = labels
    stored = stored.astype(np.uint16)
    names = known.get("names", {})
    segments = segments_of(stored, names, _colors(attributes, names))
    return [str(export_labels(stored, volume, path, segments=segments))]


def _colors(attributes: dict[str, Any], numbers: Iterable[int]) -> dict[int, Color]:
    """The colours in which the layer shows objects of ours."""
    shown = getattr(attributes.get("colormap"), "color_dict", {})  # none where napari colours it
    colors = {}
    for number in numbers:
        if number in shown:
            red, green, blue = (float(part) for part in shown[number][:3])
            colors[number] = (red, green, blue)
    return colors


def _spacing(attributes: dict[str, Any], ndim: int) -> np.ndarray:
    scale = np.abs(np.asarray(attributes.get("scale", np.ones(ndim)), dtype=float))
    return np.concatenate([[1.0], scale]) if ndim == 2 else scale
