"""The volume behind an image layer: the file's own where our reader made it, else its array."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.errors import UnsupportedImage
from napari_samunet.geometry import default_affine, spacing_of
from napari_samunet.io.color import luma
from napari_samunet.io.originals import originals_of
from napari_samunet.io.volume import Sized, Source, Volume
from napari_samunet.plugin.display import Display, shown_affine
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.types import FloatArray

if TYPE_CHECKING:
    from napari.layers import Image, Layer

METADATA_KEY = "napari-samunet"
"""Where a layer's metadata holds what this plugin knows of it; layers are never told by name."""

_CHANGED = "its voxels were changed; masks belong to the image as it was opened"
_PLACE_LOST = "its place in the patient is not known"
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

    Where a file's layer got other voxels since, or is a copy, they lie where the file's do; of
    another grid, such as a part of it, nobody knows where it lies in the patient.

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
    if known is not None and _shows(layer, known) and not is_resized(layer):
        return known
    if layer.ndim not in (2, 3):
        raise UnsupportedImage(
            f"Segmentation needs a 2-D or 3-D image; '{layer.name}' has {layer.ndim} dimensions: "
            "split it along the first one (right click on the layer, Split stack)."
        )
    shown = _as_array(layer)
    if known is None:
        return shown
    if not _is_bare(known) and _same_grid(layer, known):
        return _replaced(known, shown)
    notes = (_PLACE_LOST,) if known.is_placed else known.source.notes
    return replace(shown, source=replace(shown.source, notes=notes))


def remember(layer: Image, volume: Volume) -> None:
    """Let a layer's metadata hold its volume, and of which size the layer was then."""
    # A new dict: copies and projections that napari makes of a layer share the old one.
    known = layer.metadata.get(METADATA_KEY, {})
    layer.metadata[METADATA_KEY] = {**known, "volume": volume, "size": _size(layer)}


def is_resized(layer: Image) -> bool:
    """Whether a layer has another size than when its volume was made of it, and of nothing else."""
    volume, size = volume_behind(layer), layer.metadata.get(METADATA_KEY, {}).get("size")
    return volume is not None and _is_bare(volume) and size not in (None, _size(layer))


def _is_bare(volume: Volume) -> bool:
    """Whether all that is known of a volume is what its layer tells."""
    return volume.source.kind == "array" and not volume.is_placed


def _as_array(layer: Image) -> Volume:
    """What a layer shows, whatever is known of it."""
    array = np.asarray(layer.data[0] if layer.multiscale else layer.data)
    affine = default_affine(_spacing(layer))
    files = () if layer.source.path is None else (Path(layer.source.path),)
    source = Source(sized=_sized(layer), files=files)
    if not layer.rgb:
        return Volume(array if array.ndim == 3 else array[None], affine, source=source)
    color = _as_uint8(array[..., :3] if layer.ndim == 3 else array[None, ..., :3])
    return Volume(luma(color), affine, color=color, source=source)


def _same_grid(layer: Image, volume: Volume) -> bool:
    shape = layer.data.shape[:3]
    return (
        layer.ndim == 3
        and Display.of(volume).shown(volume.array).shape == shape
        and np.allclose(_spacing(layer), spacing_of(shown_affine(volume)))
    )


def _replaced(known: Volume, shown: Volume) -> Volume:
    """A volume with other voxels on its grid: what its file tells of places stays."""
    display = Display.of(known)
    array = display.stored(shown.array)
    color = None if shown.color is None else display.stored(shown.color)
    if np.array_equal(array, known.array, equal_nan=True):
        return replace(known, array=array, color=color)
    low, high = choose_window(known)
    least, greatest = shown.finite_range
    notes = [note for note in known.source.notes if note != _CHANGED]
    # No path, for no file holds these voxels: a session could not be opened from it again.
    source = replace(known.source, path=None, files=originals_of(known), notes=(*notes, _CHANGED))
    # A window that does not lie in them was meant for other units.
    fits = least <= low and high <= greatest
    window = known.window if fits else choose_window(shown)
    return replace(known, array=array, color=color, window=window, source=source)


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


def _size(layer: Image) -> tuple[float | str, ...]:
    """Spacing and whether it is known, without the errors of rounding of a layer that is moved."""
    return (*(float(f"{mm:.6g}") for mm in _spacing(layer)), _sized(layer))


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
