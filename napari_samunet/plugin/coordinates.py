"""Where on which slice a place of the viewer lies: world coordinates to a pixel of a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.geometry import plane_shape
from napari_samunet.plugin.volumes import data_to_world, display_of
from napari_samunet.types import FloatArray, SliceRef

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel
    from napari.layers import Layer

_BESIDE = "This view does not lie in the image: choose another axis order."
_EDGE_ON = 1e9
"""Condition of what is drawn of a layer that stands upright on the screen: nobody sees it."""


@dataclass(frozen=True)
class Spot:
    """A place on a slice of an image.

    Attributes
    ----------
    ref : SliceRef
        The slice; a 2-D image is the one slice (0, 0).
    row, col : int
        The pixel under the place.
    """

    ref: SliceRef
    row: int
    col: int


def shown_slice(viewer: ViewerModel, layer: Layer) -> SliceRef:
    """Which slice of an image the viewer shows.

    ``dims.point`` is used and not ``current_step``: steps are shared by all layers, so they are no
    indices as soon as two layers have different spacings.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
        An image with 2 or 3 dimensions.

    Raises
    ------
    OutsideImage
        The viewer's slice does not cut the image.
    InputError
        A 3-D view, or a plane that is none of the image's own.
    """
    hidden = _axes(layer, viewer.dims)[0]
    if layer.ndim == 2:
        return SliceRef(0, 0)
    display = display_of(layer)
    axis = display.axes[hidden[0]]
    index = int(np.rint(_to_stored(viewer, layer, viewer.dims.point)[axis]))
    if not 0 <= index < display.shape[axis]:
        raise OutsideImage("This slice lies outside the image: move the slider back.")
    return SliceRef(axis, index)


def locate(viewer: ViewerModel, layer: Layer, position: Sequence[float]) -> Spot:
    """Find the pixel under a place of the viewer.

    Parameters
    ----------
    viewer, layer
        As for `shown_slice`.
    position : sequence of float
        World coordinates, in the viewer's units.

    Raises
    ------
    OutsideImage
        The place lies beside the image.
    InputError
        As `shown_slice`.
    """
    ref = shown_slice(viewer, layer)
    index = np.rint(_to_stored(viewer, layer, position)).astype(int)
    row, col = (int(n) for n in (index if layer.ndim == 2 else np.delete(index, ref.axis)))
    rows, cols = _plane_shape(layer, ref)
    if not (0 <= row < rows and 0 <= col < cols):
        raise OutsideImage("That is outside the image.")
    return Spot(ref, row, col)


def canvas_point(
    viewer: ViewerModel, layer: Layer, place_rc: Sequence[float], size: tuple[int, int]
) -> tuple[float, float]:
    """Find where a place of the shown slice lies on the canvas; the inverse of `locate`.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
        An image with 2 or 3 dimensions.
    place_rc : sequence of float
        (row, column) of the slice that is shown.
    size : (int, int)
        Width and height of the canvas, in pixels as Qt counts them.

    Returns
    -------
    (float, float)
        Pixels to the right of the canvas's left edge and below its top.

    Raises
    ------
    OutsideImage, InputError
        As `shown_slice`.
    """
    dims, camera = viewer.dims, viewer.scene.camera
    ref = shown_slice(viewer, layer)
    index = np.asarray(data_position(layer, ref, place_rc))
    shown = [axis - (dims.ndim - layer.ndim) for axis in dims.displayed]
    matrix = data_to_world(layer)
    world = matrix[np.ix_(shown, shown)] @ index[shown] + matrix[shown, -1]
    world /= _factors(viewer, layer)[shown]
    backwards = [str(way) in ("up", "left") for way in camera.orientation2d]
    away = (world - camera.center[-2:]) * camera.zoom * np.where(backwards, -1, 1)
    down, right = away + np.array(size[::-1]) / 2
    return float(right), float(down)


def clamp(
    viewer: ViewerModel, layer: Layer, position: Sequence[float], ref: SliceRef
) -> tuple[int, int]:
    """Pixel (row, column) of a slice that is nearest to a place of the viewer, inside the image."""
    index = _to_stored(viewer, layer, position)
    plane = index if layer.ndim == 2 else np.delete(index, ref.axis)
    limits = np.array(_plane_shape(layer, ref)) - 1
    row, col = np.clip(np.rint(plane), 0, limits).astype(int)
    return int(row), int(col)


def data_position(layer: Layer, ref: SliceRef, rc: Sequence[float]) -> tuple[float, ...]:
    """Data coordinates of a layer for a (row, column) of a slice; the inverse of `locate`."""
    if layer.ndim == 2:
        return tuple(rc)
    stored = np.insert(np.asarray(rc, dtype=float), ref.axis, ref.index)
    return tuple(display_of(layer).to_shown(stored).tolist())


def plane_index(layer_ndim: int, ref: SliceRef) -> tuple[int | slice, ...]:
    """What cuts a slice (H, W) out of a layer's array: ``stored_data(layer)[plane_index(…)]``."""
    if layer_ndim == 2:
        return (slice(None), slice(None))
    return tuple(ref.index if axis == ref.axis else slice(None) for axis in range(3))


def middle_of(viewer: ViewerModel, layer: Layer) -> FloatArray:
    """Where a slider along each axis of a layer shows its middle, in the viewer's units."""
    index = [(n - 1) // 2 for n in layer.data.shape[: layer.ndim]]
    return _sliders(viewer, layer, index)


def show_plane(viewer: ViewerModel, layer: Layer, ref: SliceRef) -> None:
    """Turn and move the viewer until it shows a slice of a layer."""
    if layer.ndim == 2:
        return
    first = viewer.dims.ndim - layer.ndim
    hidden = display_of(layer).axes.index(ref.axis)
    axis = first + hidden
    viewer.dims.ndisplay = 2
    if axis in viewer.dims.displayed:
        others = [n for n in range(viewer.dims.ndim) if n < first or n == axis]
        viewer.dims.order = (*others, *(n for n in range(viewer.dims.ndim) if n not in others))
    place = data_position(layer, ref, (0.0, 0.0))
    viewer.dims.set_point(axis, _sliders(viewer, layer, place)[hidden])


def _sliders(viewer: ViewerModel, layer: Layer, index: Sequence[float]) -> FloatArray:
    """Where a slider along each axis shows an index of it; what `_to_data` does, backwards."""
    inverse = np.linalg.inv(data_to_world(layer))
    steps = np.diag(inverse)[:-1]
    steps = np.where(steps == 0, 1, steps)  # no slider moves through a layer that stands upright
    return (np.asarray(index) - inverse[:-1, -1]) / steps / _factors(viewer, layer)


def _plane_shape(layer: Layer, ref: SliceRef) -> tuple[int, int]:
    shape = (1, *layer.data.shape[:2]) if layer.ndim == 2 else display_of(layer).shape
    return plane_shape(shape, ref.axis)


def _axes(layer: Layer, dims: Dims) -> tuple[list[int], list[int]]:
    """Axes of a layer that the sliders move along, and those that are on the screen."""
    if dims.ndisplay != 2:
        raise InputError("Prompts need the 2-D view: switch back with the 2D/3D button.")
    first = dims.ndim - layer.ndim
    shown = sorted(axis - first for axis in dims.displayed)
    if shown[0] < 0:
        raise InputError(_BESIDE)
    return [axis for axis in range(layer.ndim) if axis not in shown], shown


def _to_stored(viewer: ViewerModel, layer: Layer, position: Sequence[float]) -> FloatArray:
    """World to an index of the stored array, (z, y, x) or (row, column)."""
    index = _to_data(viewer, layer, position)
    return index if layer.ndim == 2 else display_of(layer).to_stored(index)


def _to_data(viewer: ViewerModel, layer: Layer, position: Sequence[float]) -> FloatArray:
    """World to data of what is on the screen, also where the layer lies askew in the world.

    napari shows whole slices of the data then, without what turns them out of the screen: sliders
    and screen each use their own part of the transform. A place of the screen is found likewise,
    and not where it would lie in the world.
    """
    hidden, shown = _axes(layer, viewer.dims)
    # The viewer may run in other units than the layer.
    point = np.asarray(position, dtype=float)[-layer.ndim :] * _factors(viewer, layer)
    matrix = data_to_world(layer)
    inverse = np.linalg.inv(matrix)
    index = np.empty(layer.ndim)
    index[hidden] = inverse[np.ix_(hidden, hidden)] @ point[hidden] + inverse[hidden, -1]
    drawn = matrix[np.ix_(shown, shown)]
    if np.linalg.cond(drawn) > _EDGE_ON:
        raise InputError(_BESIDE)
    index[shown] = np.linalg.solve(drawn, point[shown] - matrix[shown, -1])
    return index


def _factors(viewer: ViewerModel, layer: Layer) -> FloatArray:
    """How many units of the layer one of the viewer has, along each axis of the layer."""
    units = viewer.layers.units  # of its world coordinates
    if units is None or layer.units is None:
        return np.ones(layer.ndim)
    pairs = zip(units[-layer.ndim :], layer.units, strict=True)
    return np.array([_factor(of_viewer, own) for of_viewer, own in pairs])


def _factor(viewer_unit: Any, layer_unit: Any) -> float:
    """How many layer units one unit of the viewer has; 1 where the two are of different kinds."""
    if viewer_unit == layer_unit:
        return 1.0
    try:
        return float((1 * viewer_unit).to(layer_unit).magnitude)
    except Exception:  # pint has many ways to say that pixels are no millimetres
        return 1.0
