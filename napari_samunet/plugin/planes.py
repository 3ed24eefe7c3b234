"""Values on single planes of an image, shown in one napari Labels layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_samunet.io.outline import outline
from napari_samunet.plugin.color_table import ColorTable
from napari_samunet.plugin.coordinates import plane_index
from napari_samunet.plugin.volumes import stored_data
from napari_samunet.types import BoolArray, SliceRef, UInt8Array

Rgba = tuple[float, float, float, float]
FILL, CONTOUR = 1, 2
_FILL_ALPHA = 0.28
Plane = TypeVar("Plane")
"""What is shown on a plane: a mask, several, or values."""


class PlaneLayer(Generic[Plane]):
    """Draws planes into a layer that is made when there is something to show.

    Parameters
    ----------
    find : callable
        Returns the layer, or None where it does not exist (any more).
    make : callable
        ``make(colormap)`` makes it.
    """

    def __init__(
        self, find: Callable[[], Any], make: Callable[[DirectLabelColormap], Labels]
    ) -> None:
        self._find = find
        self._make = make
        self._shown: dict[SliceRef, Plane] = {}
        self._colors: Mapping[int, Rgba] = {}

    def prepare(self, colors: Mapping[int, Rgba]) -> Labels:
        """Make the layer, before there is something to show or when there is."""
        self._shown, self._colors = {}, dict(colors)
        return self._make(direct(colors))

    def show(
        self,
        planes: Mapping[SliceRef, Plane],
        render: Callable[[Plane], UInt8Array],
        colors: Mapping[int, Rgba],
    ) -> None:
        """Show these planes in place of those before.

        Parameters
        ----------
        planes : mapping of SliceRef to what is shown
            One that is the very same object as before is not drawn again.
        render : callable
            ``render(plane)`` gives its values (H, W) in the layer; 0 is transparent.
        colors : mapping of int to (red, green, blue, alpha)
            Of these values.
        """
        layer = self._find()
        if layer is None:
            if not planes:
                return
            layer = self.prepare(colors)
        changed = {ref for ref, plane in planes.items() if self._shown.get(ref) is not plane}
        gone = self._shown.keys() - planes.keys()
        values_zyx = stored_data(layer)
        for ref in changed | gone:
            values_zyx[plane_index(layer.ndim, ref)] = 0
        recolored = self._colors != dict(colors)
        if not (changed or gone or recolored):
            return
        # Planes of different axes cross each other, so emptying one cuts the others.
        crossing = len({ref.axis for ref in {*planes, *self._shown}}) > 1
        for ref in planes if crossing else changed:
            values = render(planes[ref])
            values_zyx[plane_index(layer.ndim, ref)][values > 0] = values[values > 0]
        self._shown = dict(planes)
        if recolored:
            layer.colormap, self._colors = direct(colors), dict(colors)
        layer.refresh(extent=False, highlight=False, thumbnail=False)


def outlined(mask: BoolArray) -> UInt8Array:
    """Values of a mask (H, W): its outermost pixels are contour, the rest is fill."""
    return np.where(outline(mask), CONTOUR, FILL).astype(np.uint8) * mask


def outlined_one_above_the_other(masks: tuple[BoolArray, ...]) -> UInt8Array:
    """Values of several masks: the first one's fill and contour, and the contours of the others.

    The contours of the others have one value more than the first one's.
    """
    first, *others = masks
    values = np.zeros(first.shape, np.uint8)
    for mask in others:
        values[outline(mask)] = CONTOUR + 1
    values[first] = outlined(first)[first]
    return values


def contoured(color: tuple[float, float, float]) -> dict[int, Rgba]:
    """Colours of an outlined mask: a contour, and a light fill."""
    return {FILL: (*color, _FILL_ALPHA), CONTOUR: (*color, 1.0)}


def direct(known: Mapping[int, Rgba], other: Rgba = (0, 0, 0, 0)) -> DirectLabelColormap:
    """Colour map of a few values; ``other`` is the colour of all that are not among them."""
    colors: dict[int | None, Rgba] = {None: other, 0: (0.0, 0.0, 0.0, 0.0)}
    colors.update(known.items())
    return ColorTable(color_dict=colors)
