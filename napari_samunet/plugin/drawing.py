"""What a session holds of its current object, drawn into the layers of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_erosion

from napari_samunet.packed import PackedMask
from napari_samunet.plugin.marks import ShownBox, ShownPoint
from napari_samunet.types import BoolArray, Box, SliceRef, UInt8Array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_samunet.io.segments import Color
    from napari_samunet.plugin.layers import ImageLayers
    from napari_samunet.plugin.planes import Rgba
    from napari_samunet.session.placed import PlacedPrompt
    from napari_samunet.session.session import Session

_NO_OBJECT_COLOR = (1.0, 0.75, 0.2)
_ADDS, _REMOVES = 1, 2
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_DARKEST = 0.45


class Drawing:
    """Draws previews and prompts, also those that are on their way and the session knows not yet.

    Parameters
    ----------
    session : Session
        What is drawn.
    shown : ImageLayers
        Where it is drawn.
    """

    def __init__(self, session: Session, shown: ImageLayers) -> None:
        self._session, self._shown = session, shown

    @property
    def color(self) -> Color:
        """What the current object is drawn in."""
        current = self._session.current
        return _NO_OBJECT_COLOR if current is None else bright(current.color)

    @property
    def label_colors(self) -> dict[int, Rgba]:
        """Colour and opacity of each object; a hidden one is transparent."""
        return {
            item.id: (*bright(item.color), float(item.visible)) for item in self._session.objects
        }

    def prompts(self) -> None:
        """Draw the prompts, and the labels in the colours of today."""
        self._shown.show_points(self._points())
        self._shown.show_boxes(self._boxes())
        self._shown.show_strokes(self._strokes())
        self._shown.color_labels(self.label_colors)

    def masks(self, live: Mapping[SliceRef, PackedMask] | None = None) -> None:
        """Draw the previews, and over them masks that are being found."""
        previews = {place: shown.chosen.packed for place, shown in self._session.previews.items()}
        self._shown.show_previews({**previews, **(live or {})}, self.color)

    def live_mask(self, ref: SliceRef, mask: BoolArray) -> None:
        """Draw a mask that is being painted."""
        self.masks({ref: PackedMask.of(mask)})

    def live_box(self, ref: SliceRef, box_rc: Box) -> None:
        """Draw a box that is being dragged, besides those of other slices."""
        others = [box for box in self._boxes() if box.ref != ref]
        self._shown.show_boxes([*others, ShownBox(ref, box_rc)])

    def live_stroke(self, ref: SliceRef, covered: BoolArray, positive: bool) -> None:
        """Draw a scribble or lasso that is being drawn, besides those of before."""
        strokes = self._strokes()
        values = strokes[ref].copy() if ref in strokes else np.zeros(covered.shape, np.uint8)
        values[covered] = _ADDS if positive else _REMOVES
        self._shown.show_strokes({**strokes, ref: values})

    def moved_point(self, moved: PlacedPrompt, point_rc: tuple[float, float]) -> None:
        """Draw a click where it is being dragged."""
        self._shown.show_points(self._points({id(moved): point_rc}))

    def _prompts(self) -> tuple[PlacedPrompt, ...]:
        """Prompts of the current object, accepted or not."""
        return self._session.settled_prompts + self._session.prompts

    def _points(self, moved: Mapping[int, tuple[float, float]] | None = None) -> list[ShownPoint]:
        places = moved or {}
        return [
            ShownPoint(prompt.ref, places.get(id(prompt), (row, col)), prompt.positive)
            for prompt in self._prompts()
            if prompt.kind == "point"
            for row, col in prompt.points.tolist()
        ]

    def _strokes(self) -> dict[SliceRef, UInt8Array]:
        drawn: dict[SliceRef, UInt8Array] = {}
        for prompt in self._prompts():
            if prompt.kind in ("scribble", "lasso") and prompt.packed is not None:
                values = drawn.setdefault(prompt.ref, np.zeros(prompt.packed.shape, np.uint8))
                # Of an area only the line is drawn: the picture in it is what one looks at.
                area = prompt.packed.crop()
                line = area & ~binary_erosion(area, iterations=2)
                values[prompt.packed.place][line] = _ADDS if prompt.positive else _REMOVES
        return drawn

    def _boxes(self) -> list[ShownBox]:
        boxes = [prompt for prompt in self._prompts() if prompt.kind == "box"]
        latest = {prompt.ref: prompt.box for prompt in boxes if prompt.box is not None}
        return [ShownBox(ref, box) for ref, box in latest.items()]


def bright(color: Color) -> Color:
    """Lighten a colour until a thin line of it is seen on a dark image."""
    luminance = float(np.dot(color, _LUMINANCE))
    share = max(0.0, (_DARKEST - luminance) / (1 - luminance))
    red, green, blue = (part + share * (1 - part) for part in color)
    return red, green, blue
