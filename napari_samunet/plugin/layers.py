"""The layers that show one image's session: preview, accepted labels, clicks and boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap

from napari_samunet.packed import PackedMask
from napari_samunet.plugin.coordinates import data_position
from napari_samunet.plugin.helper_layers import HelperLayers
from napari_samunet.plugin.left_behind import leave, left_behind
from napari_samunet.plugin.marks import ShownBox, ShownPoint
from napari_samunet.plugin.planes import (
    CONTOUR,
    FILL,
    PlaneLayer,
    Rgba,
    contoured,
    direct,
    outlined,
    outlined_one_above_the_other,
)
from napari_samunet.plugin.volumes import display_of, stored_data
from napari_samunet.types import BoolArray, SliceRef, UInt8Array, UInt16Array

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList

    from napari_samunet.io.segments import Color

_POINT_PIXELS = 12  # on the screen, at most
# Told apart by shape, and with every kind of colour blindness.
_POSITIVE, _NEGATIVE = ("#14dc8c", "disc"), ("#ff6a3d", "x")
_STROKE_COLORS = {1: (0.08, 0.86, 0.55, 0.65), 2: (1.0, 0.42, 0.24, 0.65)}
_PALE = {FILL: (1.0, 1.0, 1.0, 0.12), CONTOUR: (1.0,) * 4, CONTOUR + 1: (0.75,) * 4}
_BOX_COLOR = "#ffd34d"


class ImageLayers(HelperLayers):
    """Draws what a session holds; a layer that was deleted comes back with something to show.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    image : Image
        The image that is segmented, 2-D or 3-D.
    """

    def __init__(self, layers: LayerList, image: Image) -> None:
        super().__init__(layers, image)
        self._preview: PlaneLayer[PackedMask] = self._plane_layer("preview")
        self._strokes: PlaneLayer[UInt8Array] = self._plane_layer("strokes")
        self._suggestions: PlaneLayer[tuple[BoolArray, ...]] = self._plane_layer("suggestions")
        self._ghost: PlaneLayer[BoolArray] = self._plane_layer("ghost")
        self._points: list[ShownPoint] = []
        self._boxes: list[ShownBox] = []
        self._label_colors: dict[int, Rgba] = {}
        self._drawn: Callable[[], Any] = lambda: None  # the array of the labels, if it is there

    def prepare(self, role: str, color: Color) -> None:
        """Make the layer of a role before it is needed: that takes longer than an answer may."""
        make: dict[str, Callable[[], object]] = {
            "preview": lambda: self._preview.prepare(contoured(color)),
            "strokes": lambda: self._strokes.prepare(_STROKE_COLORS),
            "boxes": self._make_boxes,
            "points": self._make_points,
        }
        if self.find(role) is None:
            make[role]()

    def show_previews(self, masks: Mapping[SliceRef, PackedMask], color: Color) -> None:
        """Draw masks as contour and light fill, in place of those shown before.

        Parameters
        ----------
        masks : mapping of SliceRef to PackedMask
            One mask a slice, on the slice's own grid; empty: nothing is shown.
        color : (red, green, blue)
            Of the object, 0 to 1.
        """
        self._preview.show(masks, lambda mask: outlined(mask.unpack()), contoured(color))

    def show_suggestions(self, suggestions: Mapping[SliceRef, tuple[BoolArray, ...]]) -> None:
        """Draw masks that nobody asked for as thin pale contours, the first of a slice brightest.

        Parameters
        ----------
        suggestions : mapping of SliceRef to a tuple of ndarray, shape (H, W), bool
            Empty: none are shown.
        """
        self._suggestions.show(suggestions, outlined_one_above_the_other, _PALE)

    def show_ghost(self, ghost: Mapping[SliceRef, BoolArray]) -> None:
        """Draw what a click would give (H, W) as a thin pale contour; empty: nothing is shown."""
        self._ghost.show(ghost, outlined, _PALE)

    def show_strokes(self, strokes: Mapping[SliceRef, UInt8Array]) -> None:
        """Draw scribbles and lassos: 1 where one adds, 2 where one removes."""
        self._strokes.show(strokes, np.asarray, _STROKE_COLORS)

    def show_points(self, points: Sequence[ShownPoint]) -> None:
        """Draw the clicks: a green disc adds, a red cross removes."""
        layer = self.find("points")
        if layer is None:
            if not points:
                return
            layer = self._make_points()
        elif list(points) == self._points:
            return
        self._points = list(points)
        places = [data_position(self.image, point.ref, point.rc) for point in points]
        styles = [_POSITIVE if point.positive else _NEGATIVE for point in points]
        symbols = [symbol for _, symbol in styles]
        with layer.events.blocker_all():  # or the canvas takes over each of them, one by one
            layer.data = np.array(places, dtype=float).reshape(-1, self.image.ndim)
            if not layer.visible:  # or napari still looks for the styles of clicks that are gone
                layer.set_view_slice()
            # New marks look like one that adds; each style that is set costs milliseconds.
            if [symbol.value for symbol in layer.symbol] != symbols:
                layer.symbol = symbols
                layer.face_color = [color for color, _ in styles]
                layer.border_color = layer.face_color  # napari's grey border would hide a cross
            layer.selected_data = set()
            layer.editable = False  # napari's tools are let in by new data, which nobody is told
        layer.refresh(highlight=False, thumbnail=False)

    def show_boxes(self, boxes: Sequence[ShownBox]) -> None:
        """Draw the boxes around the pixels that they hold."""
        layer = self.find("boxes")
        if layer is None:
            if not boxes:
                return
            layer = self._make_boxes()
        elif list(boxes) == self._boxes:
            return
        self._boxes = list(boxes)
        layer.data = []
        if boxes:
            corners = [self._corners(box) for box in boxes]
            layer.add_rectangles(corners, edge_width=self._point_size() / 24)
            layer.edge_color = _BOX_COLOR
            layer.face_color = "transparent"
        layer.selected_data = set()

    def show_labels(
        self,
        labels_zyx: UInt16Array,
        colors: Mapping[int, Rgba],
        changed: Sequence[int] | None = None,
    ) -> None:
        """Copy the accepted labels into their layer, which is made when there is something to show.

        Parameters
        ----------
        labels_zyx : ndarray, shape (Z, Y, X), uint16
            All objects; 0 is background.
        colors : mapping of int to (red, green, blue, alpha)
            The colour of each object.
        changed : sequence of int, optional
            Indices along axis 0 to copy; None copies all.
        """
        layer = self.find("labels")
        if layer is None:
            if not labels_zyx.any():
                return
            layer, changed = self._make_labels(labels_zyx), None
        if layer.data is not self._drawn():
            self._give_array(layer)
            changed = None
        shown = stored_data(layer)
        shown_zyx = shown if layer.ndim == 3 else shown[None]
        # One by one: a list of indices would gather a copy of them first.
        for z in range(len(labels_zyx)) if changed is None else changed:
            shown_zyx[z] = labels_zyx[z]
        self.color_labels(colors)
        layer.refresh(extent=False, highlight=False)

    def color_labels(self, colors: Mapping[int, Rgba]) -> None:
        """Give the accepted labels their colours, if they have others."""
        layer = self.find("labels")
        if layer is not None and self._label_colors != dict(colors):
            self._label_colors = dict(colors)
            # Numbers that a person painted into the layer are grey.
            layer.colormap = direct(colors, (0.7, 0.7, 0.7, 1.0))

    def point_brush_at(self, number: int) -> None:
        """Let napari's own tools paint into an object, which its layer controls show."""
        layer = self.find("labels")
        if isinstance(layer, Labels) and layer.selected_label != number:
            layer.selected_label = number

    def remove_helpers(self) -> None:
        """Take preview and prompts away; the accepted labels stay with the person."""
        super().remove_helpers()
        leave(self.image, self.find("labels"))

    def _plane_layer(self, role: str) -> PlaneLayer[Any]:
        def make(colormap: DirectLabelColormap) -> Labels:
            data = self._blank(np.uint8)
            return self._insert(Labels(data, colormap=colormap, opacity=1.0, **self._like(role)))

        return PlaneLayer(lambda: self.find(role), make)

    def _make_labels(self, labels_zyx: UInt16Array) -> Labels:
        self._label_colors = {}
        if (left := left_behind(self.image, self._layers, labels_zyx)) is not None:
            self._adopt(left)
            return left
        data = self._blank(np.uint16)
        self._drawn = ref(data)
        return self._insert(Labels(data, colormap=direct({}), opacity=0.4, **self._like("labels")))

    def _give_array(self, layer: Layer) -> None:
        """Let the labels be in an array of ours: another may be of another grid, too narrow for
        the numbers to come, or another layer's too.
        """
        data = self._blank(np.uint16)
        self._drawn = ref(data)
        layer.data = data
        self._place(layer)

    def _blank(self, kind: type[np.unsignedinteger[Any]]) -> np.ndarray:
        """An empty array on the grid that is shown; in memory it lies as the session's own does,
        for whole volumes are compared.
        """
        if self.image.ndim == 2:
            return np.zeros(self.image.data.shape[:2], dtype=kind)
        display = display_of(self.image)
        return display.shown(np.zeros(display.shape, dtype=kind))

    def _make_points(self) -> Points:
        layer = Points(
            np.empty((0, self.image.ndim)),
            ndim=self.image.ndim,
            # No lower limit: napari draws a point of size 0 where a slice has none.
            canvas_size_limits=(0, _POINT_PIXELS),
            **self._like("points"),
        )
        layer.current_size, layer.current_border_width = self._point_size(), 0
        color, layer.current_symbol = _POSITIVE
        self._points = []
        layer.current_face_color = layer.current_border_color = color
        return self._insert(layer)

    def _make_boxes(self) -> Shapes:
        self._boxes = []
        return self._insert(Shapes(ndim=self.image.ndim, **self._like("boxes")))

    def _point_size(self) -> float:
        return max(self.image.data.shape[: self.image.ndim]) / 20

    def _corners(self, box: ShownBox) -> list[tuple[float, ...]]:
        top, left, bottom, right = np.add(box.rc, (-0.5, -0.5, 0.5, 0.5))
        plane = [(top, left), (top, right), (bottom, right), (bottom, left)]
        return [data_position(self.image, box.ref, corner) for corner in plane]
