"""Strokes of the mouse: painting and erasing, scribbles, the lasso."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from skimage.draw import polygon

from napari_samunet.errors import InputError
from napari_samunet.plugin.brush import stroke_mask
from napari_samunet.plugin.coordinates import clamp, locate
from napari_samunet.plugin.gestures import Position, Tool
from napari_samunet.types import BoolArray, SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.held import Held
    from napari_samunet.plugin.work import ImageWork

_LINE = 1.5  # pixels of the line of a lasso while it is drawn


@dataclass
class _Stroke:
    """A stroke that is being drawn: where, the mask before it, and what it covers so far."""

    ref: SliceRef
    before: BoolArray
    covered: BoolArray
    places: list[tuple[int, int]] = field(default_factory=list)


class Stroking:
    """Turns strokes into paint, scribbles and lassos.

    Parameters
    ----------
    viewer : napari.Viewer
    place : callable
        ``place(action, on_answer=False)`` does what places a prompt, in its turn; see
        ``Through.place``.
    say : callable
        ``say(text)`` tells the person why nothing happened.
    """

    def __init__(
        self, viewer: ViewerModel, place: Callable[..., None], say: Callable[[str], None]
    ) -> None:
        self.brush = 10
        self._viewer = viewer
        self._place = place
        self._say = say
        self._stroke: _Stroke | None = None

    def follow(self, held: Held, path: Sequence[Position], done: bool, positive: bool) -> None:
        """Draw a stroke so far, or hand it over when it is done."""
        try:
            stroke = self._extend(held, path)
            self._show(held, stroke, positive)
            if done:
                self._stroke = None
                self._finish(held, stroke, positive)
        except InputError as error:
            self.cancel(held.work)
            self._say(str(error))

    def cancel(self, work: ImageWork) -> None:
        """Show again what the session knows."""
        self._stroke = None
        work.draw()

    def _extend(self, held: Held, path: Sequence[Position]) -> _Stroke:
        """Add the newest piece of a path to the stroke."""
        if len(path) == 1 or self._stroke is None:
            ref = locate(self._viewer, held.work.image, path[0]).ref
            before = held.work.mask_at(ref)
            self._stroke = _Stroke(ref, before, np.zeros_like(before))
        stroke = self._stroke
        drawn = len(stroke.places)
        for place in path[drawn:]:
            stroke.places.append(clamp(self._viewer, held.work.image, place, stroke.ref))
        newest = stroke.places[max(drawn - 1, 0) :]
        width = _LINE if held.tool is Tool.LASSO else self.brush
        stroke.covered |= stroke_mask(stroke.before.shape, newest, width)
        return stroke

    def _show(self, held: Held, stroke: _Stroke, positive: bool) -> None:
        drawing = held.work.drawing
        if held.tool in (Tool.LASSO, Tool.SCRIBBLE):
            drawing.live_stroke(stroke.ref, stroke.covered, positive)
        else:
            drawing.live_mask(stroke.ref, _painted(stroke, held.tool, positive))

    def _finish(self, held: Held, stroke: _Stroke, positive: bool) -> None:
        work, tool = held.work, held.tool
        session, index, axis = work.session, stroke.ref.index, stroke.ref.axis
        if tool in (Tool.PAINT, Tool.ERASE):

            def paint() -> None:
                stroke.before = work.mask_at(stroke.ref)  # an answer may have come meanwhile
                session.paint(_painted(stroke, tool, positive), index, axis)

            self._place(paint, on_answer=True)
        elif tool is Tool.SCRIBBLE:
            covered = stroke.covered, positive, index, axis, work.window, False
            self._place(lambda: session.add_scribble(*covered))
        else:
            enclosed = _enclosed(stroke), positive, index, axis, work.window, False
            self._place(lambda: session.add_lasso(*enclosed))


def _painted(stroke: _Stroke, tool: Tool, positive: bool) -> BoolArray:
    """Mask after a stroke; with a removing key the brush erases and the eraser paints."""
    if (tool is Tool.PAINT) == positive:
        return stroke.before | stroke.covered
    return stroke.before & ~stroke.covered


def _enclosed(stroke: _Stroke) -> BoolArray:
    """Pixels within a lasso, whose ends are joined by a straight line."""
    mask = np.zeros_like(stroke.before)
    rows, columns = np.transpose(stroke.places)
    mask[polygon(rows, columns, mask.shape)] = True
    return mask
