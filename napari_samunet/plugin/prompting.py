"""What the mouse did on the canvas, as prompts of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from napari_samunet.errors import InputError
from napari_samunet.plugin.coordinates import clamp, locate, shown_slice
from napari_samunet.plugin.gestures import Position, Tool
from napari_samunet.plugin.handles import Handle, handle_at, move
from napari_samunet.plugin.held import Held
from napari_samunet.plugin.stroking import Stroking
from napari_samunet.plugin.windowing import dragged, show_window
from napari_samunet.plugin.work import ref_of
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari_samunet.plugin.choice import ImageChoice
    from napari_samunet.plugin.work import ImageWork

_SMALLEST_BOX = 2  # pixels; less is a slip of the hand


class Prompting:
    """Turns gestures into prompts of the image that is worked on.

    Parameters
    ----------
    choice : ImageChoice
        Whose image is worked on.
    place : callable
        ``place(action, on_answer=False)`` does what places a prompt, in its turn; see
        ``Through.place``.
    """

    def __init__(self, choice: ImageChoice, place: Callable[..., None]) -> None:
        self.tool = Tool.CLICK
        self.strokes = Stroking(choice.viewer, place, choice.say)
        self._choice = choice
        self._viewer = choice.viewer
        self._place = place
        self._say = choice.say
        self._held: Held | None = None
        self._handle: Handle | None = None
        self._then: list[Callable[[], object]] = []

    def press(self) -> bool:
        """Take hold of image, tool and slice, where the mouse is ours: our image, which is seen, or
        a helper layer is selected, to pan and zoom.
        """
        self.cancel_drag()  # of another button
        work, active = self._choice.work, self._viewer.layers.selection.active
        if work is None or (active is not None and active.mode != "pan_zoom"):
            return False
        name = work.image.name
        if active is not None and not work.shown.owns(active):
            self._say(f"'{active.name}' is selected: select '{name}' to prompt on it.")
        elif not work.image.visible:
            self._say(f"'{name}' is hidden: show it to prompt on it.")
        else:
            self._held = Held(work, self.tool, ref_of(work, self._viewer))
        return self._held is not None

    def release(self) -> None:
        """Let go of them, and do what was asked for meanwhile."""
        self._held = self._handle = None
        then, self._then = self._then, []
        for action in then:
            action()

    def in_turn(
        self, actions: Mapping[str, Callable[[], object]]
    ) -> dict[str, Callable[[], object]]:
        """Return the same actions, each of which waits for the release of a button that is held.

        A drag belongs to the object that it was begun on: one that ends it comes after the drag.
        """

        def turn(action: Callable[[], object]) -> Callable[[], object]:
            return lambda: action() if self._held is None else self._wait_with(action)

        return {name: turn(action) for name, action in actions.items()}

    def click(self, position: Position, positive: bool) -> None:
        """Place a point under the mouse."""
        held = self._holding()
        if held is None:
            return
        work = held.work
        try:
            spot = locate(self._viewer, work.image, position)
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
        held = self._holding()
        if held is None:
            return
        work = held.work
        try:
            ref = shown_slice(self._viewer, work.image)
            corners = [clamp(self._viewer, work.image, place, ref) for place in (start, end)]
            rows, cols = (sorted(ends) for ends in zip(*corners, strict=True))
            box = (rows[0], cols[0], rows[1], cols[1])
            if not done:
                work.drawing.live_box(ref, box)
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
        held = self._holding()
        if held is not None:
            self.strokes.follow(held, path, done, positive)

    def cancel_drag(self) -> None:
        """Show again what the session knows; the rest of the drag does nothing."""
        held, self._held = self._held, None
        if held is not None and self._choice.is_open(held.work):
            self.strokes.cancel(held.work)
        self.release()

    def grab(self, position: Position) -> bool:
        """Take hold of the prompt under the mouse, if there is one."""
        held = self._held
        self._handle = None if held is None else handle_at(held.work, self._viewer, position)
        return self._handle is not None

    def drag_prompt(self, position: Position, done: bool) -> None:
        """Move the prompt that was taken hold of."""
        held, handle = self._holding(), self._handle
        if held is None or handle is None:
            return
        work = held.work
        place = clamp(self._viewer, work.image, position, handle.prompt.ref)
        if done:
            self._place(lambda: move(handle, work, place, done))
        else:
            move(handle, work, place, done)

    def set_brush(self, diameter: int) -> None:
        """Set the diameter of brush and eraser, in pixels of the slice."""
        self.strokes.brush = diameter

    def delete_prompt(self) -> None:
        """Take the prompt under the mouse away; the others are asked afresh."""
        work, position = self._choice.work, self._viewer.cursor.position
        if work is not None and not work.image.visible:
            self._say(f"'{work.image.name}' is hidden: show it to delete a prompt on it.")
            return
        handle = None if work is None else handle_at(work, self._viewer, position)
        if work is None or handle is None:
            self._say("There is no click or box under the mouse: point at the one to delete.")
            return
        self._place(lambda: work.session.remove_prompt(handle.prompt, predict=False))

    def drag_window(self, right: float, up: float) -> None:
        """Change window and level by pixels of the screen."""
        held = self._held
        if held is None or held.work is not self._choice.work:
            return
        work = held.work
        if work.volume.color is not None:
            self._say("A colour image has no window: its colours are shown as they are.")
            return
        low, high = work.image.contrast_limits
        show_window(work.image, dragged((low, high), right, up))

    def _wait_with(self, action: Callable[[], object]) -> None:
        self._then.append(action)
        self._say("Let go of the mouse button first: that comes then.")

    def _holding(self) -> Held | None:
        """What was pressed; the drag comes to nothing where that is not what is shown any more."""
        held = self._held
        if held is not None and not held.is_shown(self._choice.work, self._viewer):
            self.cancel_drag()
            self._say("Image or slice changed while the button was held: nothing of that is kept.")
        return self._held

    def _has_something(self, work: ImageWork, ref: SliceRef) -> bool:
        if any(prompt.ref == ref for prompt in work.session.prompts):
            return True
        return bool(work.mask_at(ref).any())
