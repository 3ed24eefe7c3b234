"""What the mouse did on the canvas, as prompts of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from napari_samunet.errors import InputError
from napari_samunet.plugin.coordinates import clamp, locate, shown_slice
from napari_samunet.plugin.gestures import Position, Tool
from napari_samunet.plugin.handles import Handle, handle_at, move
from napari_samunet.plugin.stroking import Stroking
from napari_samunet.plugin.windowing import dragged, show_window
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.work import ImageWork

_SMALLEST_BOX = 2  # pixels; less is a slip of the hand


class Prompting:
    """Turns gestures into prompts of the image that is worked on.

    Parameters
    ----------
    viewer : napari.Viewer
    work : callable
        Gives the present `ImageWork`, or None.
    place : callable
        ``place(action, on_answer=False)`` does what places a prompt, in its turn; see
        ``Through.place``.
    say : callable
        ``say(text)`` tells the person why nothing happened.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        work: Callable[[], ImageWork | None],
        place: Callable[..., None],
        say: Callable[[str], None],
    ) -> None:
        self.tool = Tool.CLICK
        self.strokes = Stroking(viewer, place, say)
        self._viewer = viewer
        self._work = work
        self._place = place
        self._say = say
        self._held: Handle | None = None

    def takes_gestures(self) -> bool:
        """Whether the mouse is ours: our image or a helper layer is selected, to pan and zoom."""
        work, active = self._work(), self._viewer.layers.selection.active
        if work is None:
            return False
        if active is None or work.shown.owns(active):
            return active is None or active.mode == "pan_zoom"
        if active.mode == "pan_zoom":
            self._say(f"'{active.name}' is selected: select '{work.image.name}' to prompt on it.")
        return False

    def click(self, position: Position, positive: bool) -> None:
        """Place a point under the mouse."""
        work = self._work()
        if work is None:  # its image was removed between two events of the mouse
            return
        try:
            spot = locate(work.image, self._viewer.layers, self._viewer.dims, position)
        except InputError as error:
            self._say(str(error))
            return
        index, axis, where = spot.ref.index, spot.ref.axis, (spot.row, spot.col)

        def add() -> None:
            if not positive and not self._has_something(work, spot.ref):
                raise InputError("Nothing to take away yet: begin with a left click on the object.")
            work.session.add_point(where, positive, index, axis, work.window, predict=False)

        self._place(add)

    def drag_box(self, start: Position, end: Position, done: bool) -> None:
        """Show a box, or place it when it is done."""
        work = self._work()
        if work is None:
            return
        view = self._viewer.layers, self._viewer.dims
        try:
            ref = shown_slice(work.image, *view)
            corners = [clamp(work.image, *view, place, ref) for place in (start, end)]
            rows, cols = (sorted(ends) for ends in zip(*corners, strict=True))
            box = (rows[0], cols[0], rows[1], cols[1])
            if not done:
                work.draw_live_box(ref, box)
            elif min(rows[1] - rows[0], cols[1] - cols[0]) + 1 < _SMALLEST_BOX:
                work.draw()
                self._say("That box is too small: drag it around the whole object.")
            else:
                add, plane = work.session.add_box, (ref.index, ref.axis)
                self._place(lambda: add(box, *plane, work.window, predict=False))
        except InputError as error:
            work.draw()
            self._say(str(error))

    def stroke(self, path: Sequence[Position], done: bool, positive: bool = True) -> None:
        """Follow the mouse with the tool, or hand the stroke over when it is done."""
        work = self._work()
        if work is not None:
            self.strokes.follow(work, self.tool, path, done, positive)

    def cancel_drag(self) -> None:
        """Show again what the session knows."""
        work = self._work()
        if work is not None:
            self.strokes.cancel(work)

    def grab(self, position: Position) -> bool:
        """Take hold of the prompt under the mouse, if there is one."""
        work = self._work()
        self._held = None if work is None else handle_at(work, self._viewer, position)
        return self._held is not None

    def drag_prompt(self, position: Position, done: bool) -> None:
        """Move the prompt that was taken hold of."""
        work = self._work()
        if work is None or self._held is None:
            return
        held = self._held
        if done:
            self._place(lambda: move(held, work, self._viewer, position, done))
            return
        try:
            move(held, work, self._viewer, position, done)
        except InputError as error:
            work.draw()
            self._say(str(error))

    def set_brush(self, diameter: int) -> None:
        """Set the diameter of brush and eraser, in pixels of the slice."""
        self.strokes.brush = diameter

    def delete_prompt(self) -> None:
        """Take the prompt under the mouse away; the others are asked afresh."""
        work, position = self._work(), self._viewer.cursor.position
        handle = None if work is None else handle_at(work, self._viewer, position)
        if work is None or handle is None:
            self._say("There is no click or box under the mouse: point at the one to delete.")
            return
        self._place(lambda: work.session.remove_prompt(handle.prompt, predict=False))

    def drag_window(self, right: float, up: float) -> None:
        """Change window and level by pixels of the screen."""
        work = self._work()
        if work is None:
            return
        if work.volume.color is not None:
            self._say("A colour image has no window: its colours are shown as they are.")
            return
        low, high = work.image.contrast_limits
        show_window(work.image, dragged((low, high), right, up))

    def _has_something(self, work: ImageWork, ref: SliceRef) -> bool:
        if any(prompt.ref == ref for prompt in work.session.prompts):
            return True
        return bool(work.mask_at(ref).any())
