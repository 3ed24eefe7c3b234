"""napari's reader: medical files open as image layers that remember their geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import UnsupportedImage
from napari_samunet.geometry import spacing_of
from napari_samunet.io.masks import holds_masks, read_masks
from napari_samunet.io.segments import labels_of
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.alignment import translation
from napari_samunet.plugin.display import Display, shown_affine
from napari_samunet.plugin.helper_layers import GEOMETRY
from napari_samunet.plugin.series_dialog import current_window, open_by_choice
from napari_samunet.plugin.volumes import METADATA_KEY, volume_behind
from napari_samunet.preprocess.intensity import choose_window

if TYPE_CHECKING:
    from napari.layers import Layer

LayerData = tuple[Any, dict[str, Any], str]
Paths = str | Sequence[str]

_LOOK_AT = 50  # files of a folder that are looked at before it counts as no DICOM folder
_DICOM_MARK = (128, b"DICM")
_COUNTED = 2**24  # to a millimetre


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Say whether we can read a path; napari asks for every file and folder.

    Parameters
    ----------
    path : str or list of str
        What a person opened; a list means files that belong together as one stack, which we leave
        to others.

    Returns
    -------
    callable or None
        The reader.
    """
    if not isinstance(path, str):
        return None
    place = Path(path)
    return read if not place.is_dir() or _holds_dicom(place) else None


def read(path: Paths) -> list[LayerData]:
    """Read a medical image, or masks of the image that is open.

    Raises
    ------
    InputError
        The file cannot be read; napari shows the message.
    """
    place = Path(path if isinstance(path, str) else path[0])
    if holds_masks(place):
        return [_masks_layer(place)]
    volume = open_by_choice(place, current_window())
    return [layer_of(volume, plain_name(place), *_shown_layers())]


def layer_of(volume: Volume, name: str, *beside: Layer) -> LayerData:
    """Describe the image layer that shows a volume.

    The voxels stay on their own grid, seen with the body's axes first to last (see `Display`) and
    with the spacing as scale; the affine waits in the metadata for the export. napari cannot draw
    a plane of a volume that is turned in space.

    Parameters
    ----------
    volume : Volume
    name : str
        Of the layer.
    *beside : Layer
        Those that are there: a volume lies on the first one that is parallel, see `translation`.
    """
    display = Display.of(volume)
    geometry: dict[str, Any] = {
        "name": name,
        "scale": _countable(spacing_of(shown_affine(volume))),
        "translate": _countable(translation(volume, *beside)),
        "units": ("mm", "mm", "mm"),
        "axis_labels": ("z", "y", "x"),
        "metadata": {METADATA_KEY: {"volume": volume}},
    }
    if volume.color is not None:
        return display.shown(volume.color), {**geometry, "rgb": True}, "image"
    shown = {
        "rgb": False,  # napari takes four sagittal slices for four colours
        "contrast_limits": choose_window(volume),
        "colormap": "gray_r" if volume.negative else "gray",
    }
    return display.shown(volume.array), {**geometry, **shown}, "image"


def _countable(lengths: ArrayLike) -> tuple[float, ...]:
    """Round mm to where sums and quotients are exact.

    napari divides what all layers span by the spacing: rounded down from 9.9999999, the slider of
    one volume in seven would lack the last slice.
    """
    return tuple((np.rint(np.multiply(lengths, _COUNTED)) / _COUNTED).tolist())


def plain_name(path: Path) -> str:
    """Name of a file without its suffix, for the layer."""
    name = path.resolve().name
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else path.resolve().stem


def _masks_layer(path: Path) -> LayerData:
    """Labels on the image that is open; the dock widget makes objects of them."""
    layer = next(iter(_shown_layers()), None)
    volume = volume_behind(layer)
    if layer is None or volume is None:
        raise UnsupportedImage(
            f"{path} holds masks, which lie on an image: open that image first, then this file."
        )
    masks = read_masks(path, volume)
    metadata = {METADATA_KEY: {"volume": volume, "masks": masks}}
    labels = labels_of(masks.segments, volume.shape)
    shown = Display.of(volume).shown(labels) if layer.ndim == 3 else labels[0]
    geometry = {word: getattr(layer, word) for word in (*GEOMETRY, "axis_labels")}
    return shown, {"name": plain_name(path), **geometry, "metadata": metadata}, "labels"


def _shown_layers() -> list[Layer]:
    """Layers that show volumes: the selected one, then from the topmost down."""
    viewer = napari.current_viewer()
    layers = [] if viewer is None else [viewer.layers.selection.active, *reversed(viewer.layers)]
    return [layer for layer in layers if volume_behind(layer) is not None]


def _holds_dicom(folder: Path) -> bool:
    """Look at the first files below a folder for the DICOM mark."""
    try:
        found = islice((entry for entry in folder.rglob("*") if entry.is_file()), _LOOK_AT)
        return (folder / "DICOMDIR").exists() or any(map(_is_dicom, found))
    except OSError:
        return False


def _is_dicom(path: Path) -> bool:
    start, mark = _DICOM_MARK
    with path.open("rb") as file:
        return file.read(start + len(mark))[start:] == mark
