"""Mouse on the canvas: a click, a box, a stroke, a window; everything else stays napari's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_samunet.plugin.stillness import Stillness

if TYPE_CHECKING:
    from napari.components import ViewerModel

Position = tuple[float, ...]
"""World coordinates."""

CLICK_PIXELS = 3.0
"""A press that moves less than this on the screen is a click, more is a drag."""

_LEFT, _RIGHT = 1, 2
_REMOVING_KEYS = ("Control", "Alt")


class Tool(Enum):
    """What a left drag does; clicks work with every tool but the brushes."""

    CLICK = "click"
    BOX = "box"
    LASSO = "lasso"
    SCRIBBLE = "scribble"
    PAINT = "paint"
    ERASE = "erase"


STROKES = frozenset({Tool.LASSO, Tool.SCRIBBLE, Tool.PAINT, Tool.ERASE})
"""Tools that follow the mouse."""
BRUSHES = frozenset({Tool.SCRIBBLE, Tool.PAINT, Tool.ERASE})
"""Tools that have a size."""


class GestureTarget(Protocol):
    """Who takes what the mouse did. Positions are world coordinates."""

    tool: Tool

    def press(self) -> bool:
        """Take hold of what is shown, if it is ours to segment; if not, napari has the mouse alone.

        Until the release, whatever the mouse does is done to that.
        """

    def release(self) -> None:
        """Let go of it."""

    def click(self, position: Position, positive: bool) -> None:
        """A point that adds or removes."""

    def drag_box(self, start: Position, end: Position, done: bool) -> None:
        """A box from corner to corner, so far or finally."""

    def stroke(self, path: Sequence[Position], done: bool, positive: bool = True) -> None:
        """A stroke, so far or finally."""

    def cancel_drag(self) -> None:
        """A box or stroke that came to nothing."""

    def grab(self, position: Position) -> bool:
        """Whether there is a prompt under the mouse that a drag would move."""

    def drag_prompt(self, position: Position, done: bool) -> None:
        """Move the grabbed prompt, so far or finally."""

    def drag_window(self, right: float, up: float) -> None:
        """Window and level, by pixels of the screen since the last call."""


class Gestures:
    """Listens to the canvas through the viewer, whichever layer is selected.

    Parameters
    ----------
    viewer : napari.Viewer
        Its mouse callbacks are extended; `detach` restores them.
    target : GestureTarget
        Who acts.
    """

    def __init__(self, viewer: ViewerModel, target: GestureTarget) -> None:
        self._viewer = viewer
        self._target = target
        self._zoom_callbacks: list[Callable[..., Any]] = []

    def attach(self) -> None:
        """Start listening. Two quick clicks stay two clicks where napari would zoom in."""
        doubles = self._viewer.mouse_double_click_callbacks
        self._zoom_callbacks = [call for call in doubles if call.__name__ == "double_click_to_zoom"]
        for call in self._zoom_callbacks:
            doubles.remove(call)
        doubles.append(self._on_double_click)
        self._viewer.mouse_drag_callbacks.append(self._on_press)

    def detach(self) -> None:
        """Stop listening and give napari its double click back."""
        doubles = self._viewer.mouse_double_click_callbacks
        if self._on_double_click in doubles:
            doubles.remove(self._on_double_click)
            doubles.extend(self._zoom_callbacks)
        if self._on_press in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)

    def _on_double_click(self, viewer: ViewerModel, event: Any) -> None:
        if self._target.tool in (Tool.CLICK, Tool.BOX) and self._target.press():
            self._click(event)
            self._target.release()
            return
        for call in self._zoom_callbacks:
            call(viewer, event)

    def _on_press(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        if event.button not in (_LEFT, _RIGHT) or not self._target.press():
            return
        tool, plain = self._target.tool, not _removes(event)
        if event.button == _RIGHT and not (tool in STROKES and _is_ctrl_of_mac(event)):
            yield from self._click_or_window(event)
        elif tool in STROKES:
            yield from self._stroke(event)
        elif plain and self._target.grab(tuple(event.position)):
            yield from self._click_or_move(event)
        elif plain and tool is Tool.BOX:
            yield from self._box(event)
        else:
            yield from self._click_or_pan(event)
        self._target.release()

    def _click_or_pan(self, event: Any) -> Iterator[None]:
        moved, start = False, np.array(event.pos)
        removes, position = _removes(event), tuple(event.position)
        yield
        while event.type == "mouse_move":
            moved = moved or _distance(event, start) > CLICK_PIXELS
            yield
        if not moved and _distance(event, start) <= CLICK_PIXELS:
            self._target.click(position, positive=not removes)

    def _click_or_window(self, event: Any) -> Iterator[None]:
        start = last = np.array(event.pos)
        position, dragged = tuple(event.position), False
        with Stillness(self._viewer) as still:
            yield
            while event.type == "mouse_move":
                dragged = dragged or _distance(event, start) > CLICK_PIXELS
                if dragged:
                    right, down = np.array(event.pos) - last
                    last = np.array(event.pos)
                    self._target.drag_window(float(right), float(-down))
                still.keep()
                yield
        if not dragged:
            self._target.click(position, positive=False)

    def _click_or_move(self, event: Any) -> Iterator[None]:
        start, dragged = np.array(event.pos), False
        position = tuple(event.position)
        with Stillness(self._viewer) as still:
            yield
            while event.type == "mouse_move":
                dragged = dragged or _distance(event, start) > CLICK_PIXELS
                if dragged:
                    self._target.drag_prompt(tuple(event.position), done=False)
                still.keep()
                yield
        if dragged:
            self._target.drag_prompt(tuple(event.position), done=True)
        else:
            self._target.click(position, positive=True)

    def _box(self, event: Any) -> Iterator[None]:
        start_pixel, start = np.array(event.pos), tuple(event.position)
        drawn = False
        with Stillness(self._viewer) as still:
            yield
            while event.type == "mouse_move":
                drawn = drawn or _distance(event, start_pixel) > CLICK_PIXELS
                if drawn:
                    self._target.drag_box(start, tuple(event.position), done=False)
                still.keep()
                yield
        if _distance(event, start_pixel) > CLICK_PIXELS:
            self._target.drag_box(start, tuple(event.position), done=True)
        elif drawn:
            self._target.cancel_drag()
        else:
            self._target.click(start, positive=True)

    def _stroke(self, event: Any) -> Iterator[None]:
        path, positive = [tuple(event.position)], not _removes(event)
        with Stillness(self._viewer) as still:
            self._target.stroke(path, done=False, positive=positive)
            still.keep()
            yield
            while event.type == "mouse_move":
                path.append(tuple(event.position))
                self._target.stroke(path, done=False, positive=positive)
                still.keep()
                yield
        # Where the button was let go: Qt may leave out the last move before it.
        self._target.stroke([*path, tuple(event.position)], done=True, positive=positive)

    def _click(self, event: Any) -> None:
        if event.button in (_LEFT, _RIGHT):
            positive = event.button == _LEFT and not _removes(event)
            self._target.click(tuple(event.position), positive)


def _removes(event: Any) -> bool:
    return any(key in event.modifiers for key in _REMOVING_KEYS) or _is_ctrl_of_mac(event)


def _is_ctrl_of_mac(event: Any) -> bool:
    """A Mac tells the left button with Ctrl as the right one, with what Qt calls Meta."""
    return sys.platform == "darwin" and event.button == _RIGHT and "Meta" in event.modifiers


def _distance(event: Any, start: np.ndarray) -> float:
    return float(np.hypot(*(np.array(event.pos) - start)))
