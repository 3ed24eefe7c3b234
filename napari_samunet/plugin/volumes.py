"""The volume behind an image layer: the file's own where our reader made it, else its array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.errors import UnsupportedImage
from napari_samunet.geometry import default_affine
from napari_samunet.io.color import luma
from napari_samunet.io.volume import Sized, Source, Volume
from napari_samunet.plugin.display import Display
from napari_samunet.types import FloatArray

if TYPE_CHECKING:
    from napari.layers import Image, Layer

METADATA_KEY = "napari-samunet"
"""Where a layer's metadata holds what this plugin knows of it; layers are never told by name."""

_MM = {"millimeter": 1.0, "micrometer": 1e-3, "centimeter": 10.0, "meter": 1e3, "nanometer": 1e-6}


def volume_behind(layer: Layer | None) -> Volume | None:
    """The volume that a layer's metadata holds, of an image or of masks on it."""
    known = None if layer is None else layer.metadata.get(METADATA_KEY, {}).get("volume")
    return known if isinstance(known, Volume) else None


def display_of(layer: Layer) -> Display:
    """How a 3-D layer shows its array: as the volume behind it asks for, else as it is."""
    volume = volume_behind(layer)
    planes, rows, columns = layer.data.shape[:3]
    return Display((planes, rows, columns)) if volume is None else Display.of(volume)


def stored_data(layer: Layer) -> Any:
    """View of a layer's array in storage order; writing into it writes into the layer."""
    return layer.data if layer.ndim == 2 else display_of(layer).stored(layer.data)


def volume_of(layer: Image) -> Volume:
    """Give the volume that a layer shows.

    Parameters
    ----------
    layer : napari.layers.Image
        A 2-D or 3-D image, plain, RGB, multiscale or lazily loaded.

    Raises
    ------
    UnsupportedImage
        The layer has other dimensions, or its array cannot be a volume.
    """
    known = volume_behind(layer)
    if known is not None and _shows(layer, known):
        return known
    if layer.ndim not in (2, 3):
        raise UnsupportedImage(
            f"Segmentation needs a 2-D or 3-D image; '{layer.name}' has {layer.ndim} dimensions: "
            "split it along the first one (right click on the layer, Split stack)."
        )
    array = np.asarray(layer.data[0] if layer.multiscale else layer.data)
    affine = default_affine(_spacing(layer))
    files = () if layer.source.path is None else (Path(layer.source.path),)
    source = Source(sized=_sized(layer), files=files)
    if not layer.rgb:
        return Volume(array if array.ndim == 3 else array[None], affine, source=source)
    color = _as_uint8(array[..., :3] if layer.ndim == 3 else array[None, ..., :3])
    return Volume(luma(color), affine, color=color, source=source)


def _shows(layer: Image, volume: Volume) -> bool:
    """Whether a layer's array is the very view of a volume that we show."""
    voxels = volume.array if volume.color is None else volume.color
    if layer.multiscale or not isinstance(layer.data, np.ndarray):
        return False
    view = Display.of(volume).shown(voxels)
    return layer.data.__array_interface__ == view.__array_interface__


def data_to_world(layer: Layer) -> FloatArray:
    """Matrix of all that places a layer: scale, rotation, shear, translation and its affine."""
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)), dtype=float)
    steps = [np.asarray(layer.data_to_world(step)) - origin for step in np.eye(layer.ndim)]
    matrix = np.eye(layer.ndim + 1)
    matrix[:-1] = np.column_stack([*steps, origin])
    return matrix


def _spacing(layer: Image) -> FloatArray:
    """Millimetres along z, y, x; a layer in pixels counts one unit as one millimetre."""
    factors = [[_MM.get(str(unit), 1.0)] for unit in layer.units]  # a row for each world axis
    spacing = np.linalg.norm(data_to_world(layer)[:-1, :-1] * factors, axis=0)
    return np.concatenate([[1.0], spacing]) if layer.ndim == 2 else spacing


def _sized(layer: Image) -> Sized:
    """What is known of a layer that has a unit of length, or at least a scale somebody gave it."""
    if any(str(unit) in _MM for unit in layer.units) or not np.allclose(_spacing(layer), 1):
        return "pixel" if layer.ndim == 2 else "voxel"
    return ""


def _as_uint8(color: np.ndarray) -> np.ndarray:
    """Colours as 0 to 255; floats mean 0 to 1, as napari shows them."""
    if color.dtype == np.uint8:
        return color
    if color.dtype.kind == "b":
        return color * np.uint8(255)
    if color.dtype.kind == "f":
        return np.rint(np.clip(np.nan_to_num(color), 0, 1) * 255).astype(np.uint8)
    return (color.astype(float) * (255 / np.iinfo(color.dtype).max)).round().astype(np.uint8)
