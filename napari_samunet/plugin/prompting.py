"""What the mouse did on the canvas, as prompts of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_samunet.errors import InputError
from napari_samunet.plugin.brush import stroke_mask
from napari_samunet.plugin.coordinates import clamp, locate, shown_slice
from napari_samunet.plugin.gestures import Position, Tool
from napari_samunet.types import BoolArray, SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.work import ImageWork

_SMALLEST_BOX = 2  # pixels; less is a slip of the hand


@dataclass
class _Stroke:
    """A stroke that is being drawn: where, and what the object would be after it."""

    ref: SliceRef
    mask: BoolArray
    drawn: int = 0


class Prompting:
    """Turns gestures into prompts of the image that is worked on.

    Parameters
    ----------
    viewer : napari.Viewer
    work : callable
        Gives the present `ImageWork`, or None.
    asked : callable
        Called after every new prompt.
    say : callable
        ``say(text)`` tells the person why nothing happened.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        work: Callable[[], ImageWork | None],
        asked: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.tool = Tool.CLICK
        self.brush = 10
        self._viewer = viewer
        self._work = work
        self._asked = asked
        self._say = say
        self._stroke: _Stroke | None = None

    def takes_gestures(self) -> bool:
        """Whether the mouse is ours: our image or a helper layer is selected, to pan and zoom."""
        work, active = self._work(), self._viewer.layers.selection.active
        if work is None:
            return False
        return active is None or (work.shown.owns(active) and active.mode == "pan_zoom")

    def click(self, position: Position, positive: bool) -> None:
        """Place a point under the mouse."""
        work = self._work()
        try:
            spot = locate(work.image, *self._view(), position)
            if not positive and not self._has_something(work, spot.ref):
                self._say("Nothing to take away yet: begin with a left click on the object.")
                return
            place = {"index": spot.ref.index, "axis": spot.ref.axis, "window": work.window}
            work.session.add_point((spot.row, spot.col), positive, predict=False, **place)
        except InputError as error:
            self._say(str(error))
        else:
            self._asked()

    def drag_box(self, start: Position, end: Position, done: bool) -> None:
        """Show a box, or place it when it is done."""
        work = self._work()
        try:
            ref = shown_slice(work.image, *self._view())
            corners = [clamp(work.image, *self._view(), place, ref) for place in (start, end)]
            rows, cols = (sorted(ends) for ends in zip(*corners, strict=True))
            box = (rows[0], cols[0], rows[1], cols[1])
            if not done:
                work.draw_live_box(ref, box)
            elif min(rows[1] - rows[0], cols[1] - cols[0]) + 1 < _SMALLEST_BOX:
                work.draw()
                self._say("That box is too small: drag it around the whole object.")
            else:
                place = {"index": ref.index, "axis": ref.axis, "window": work.window}
                work.session.add_box(box, predict=False, **place)
                self._asked()
        except InputError as error:
            work.draw()
            self._say(str(error))

    def stroke(self, path: Sequence[Position], done: bool) -> None:
        """Paint or erase along the mouse, or hand the mask over when it is done."""
        work = self._work()
        try:
            self._follow(work, path)
        except InputError as error:
            self._stroke = None
            self._say(str(error))
            return
        stroke = self._stroke
        work.draw_live_mask(stroke.ref, stroke.mask)
        if done:
            self._stroke = None
            work.session.paint(stroke.mask, index=stroke.ref.index, axis=stroke.ref.axis)
            self._asked()

    def cancel_drag(self) -> None:
        """Show again what the session knows."""
        self._stroke = None
        if self._work() is not None:
            self._work().draw()

    def _follow(self, work: ImageWork, path: Sequence[Position]) -> None:
        """Add the newest piece of a path to the stroke."""
        if len(path) == 1:
            self._stroke = None
        if self._stroke is None:
            ref = locate(work.image, *self._view(), path[0]).ref
            self._stroke = _Stroke(ref, work.mask_at(ref))
        stroke = self._stroke
        newest = path[max(stroke.drawn - 1, 0) :]
        places = [clamp(work.image, *self._view(), place, stroke.ref) for place in newest]
        covered = stroke_mask(stroke.mask.shape, places, self.brush)
        painting = self.tool is Tool.PAINT
        stroke.mask = stroke.mask | covered if painting else stroke.mask & ~covered
        stroke.drawn = len(path)

    def _has_something(self, work: ImageWork, ref: SliceRef) -> bool:
        if any(prompt.ref == ref for prompt in work.session.prompts):
            return True
        return bool(work.mask_at(ref).any())

    def _view(self):
        return self._viewer.layers, self._viewer.dims
