"""Every key of the plugin, in one table; none of them is one of napari's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


CTRL = "⌘" if sys.platform == "darwin" else "Ctrl"
"""What Qt calls Ctrl, as it is written on the keyboard."""
CONTROL = "Meta" if sys.platform == "darwin" else "Control"
"""The same key as napari writes it."""


@dataclass(frozen=True)
class Key:
    """A key and what it does.

    Attributes
    ----------
    keys : str
        As napari writes it, e.g. "Control-Z"; "" where napari cannot bind it.
    shown : str
        As a person reads it, e.g. "Ctrl+Z".
    does : str
        One line for tooltips.
    also : str
        Another key that does the same; "" for none.
    """

    keys: str
    shown: str
    does: str
    also: str = ""

    @property
    def bound(self) -> tuple[str, ...]:
        """All that napari binds to it."""
        return tuple(filter(None, (self.keys, self.also)))


KEYS: Mapping[str, Key] = {
    "click": Key(
        "Q", "Q", f"Click: left adds, right (or {CTRL}+left) removes; drag moves the image"
    ),
    "box": Key("W", "W", "Box: drag around the object; clicks still add and remove"),
    "lasso": Key(
        "Shift-W", "Shift+W", f"Lasso: draw around the object; {CTRL}: around what is not"
    ),
    "scribble": Key("Shift-J", "Shift+J", f"Scribble on the object; with {CTRL}, on what is not"),
    "paint": Key("J", "J", "Paint: add to the mask by hand"),
    "erase": Key("K", "K", "Erase: take away from the mask by hand"),
    "accept": Key("G", "G", "Accept: put the mask into the labels; a doubtful slice is right"),
    "next_object": Key("N", "N", "Next object: accept what is shown and start another one"),
    "candidate": Key("U", "U", "Show the next candidate: another answer to the same click"),
    "undo": Key(f"{CONTROL}-Z", f"{CTRL}+Z", "Take the last step back"),
    "redo": Key(f"{CONTROL}-Shift-Z", f"{CTRL}+Shift+Z", "Make the step again that was taken back"),
    "discard": Key(
        "Shift-Backspace", "Shift+Backspace", "Discard what is not accepted of this object"
    ),
    "delete_prompt": Key(
        "Delete",
        "Delete",
        "Delete the click or box under the mouse (Backspace too); in the table, objects",
        also="Backspace",  # Apple's key of this name
    ),
    "ghost": Key("Shift-E", "Shift+E", "Ghost: show under the mouse what a click would give"),
    "suggest": Key("Shift-F", "Shift+F", "Suggest: find objects on this slice; again: stop"),
    "suggest_volume": Key(
        f"{CONTROL}-Shift-F",
        f"{CTRL}+Shift+F",
        "Suggest on slices all over the volume; again: stop",
    ),
    "pick": Key("Shift-N", "Shift+N", "Go on with the accepted object under the mouse"),
    "lock": Key("Shift-K", "Shift+K", "Lock the current object, or unlock it"),
    "propagate": Key("Shift-S", "Shift+S", "Propagate through the slices; again: stop"),
    "redo_around": Key("Shift-R", "Shift+R", "Redo the slices around this corrected one"),
    "next_doubt": Key("Shift-D", "Shift+D", "Go to the next doubtful slice"),
    "windows": Key("", "Shift+0 … Shift+9", "Windows, and right drag: across width, up brighter"),
    "panel": Key("F6", "F6", "To the panel, through which Tab leads, and back to the image"),
    "help": Key("F1", "F1", "Show all keys"),
    "continue": Key("Shift-C", "Shift+C", "Continue the last session of this image"),
    "hide": Key("H", "H", "Hide or show the mask"),
}
"""Name of the action to its key."""


def tip(name: str) -> str:
    """Tooltip of an action: what it does and its key."""
    key = KEYS[name]
    return f"{key.does}  [{key.shown}]"


def bind(holder: ViewerModel | Layer, actions: Mapping[str, Callable[[], Any]]) -> None:
    """Bind the keys of these actions in one viewer or layer.

    Parameters
    ----------
    holder : napari.Viewer or napari.layers.Layer
        Only its own keys change; those of others and napari's settings stay.
    actions : mapping of str to callable
        Name in `KEYS` to what is called.
    """
    for name, action in actions.items():
        for key in KEYS[name].bound:
            holder.bind_key(key, _alone(action), overwrite=True)


def unbind(holder: ViewerModel | Layer, actions: Iterable[str] = KEYS) -> None:
    """Take the keys of these actions from a viewer or layer, by default all."""
    for name in actions:
        for key in KEYS[name].bound:
            holder.bind_key(key, None, overwrite=True)


def mute(layer: Layer, pressed: Iterable[str]) -> None:
    """Let keys of napari's do nothing while a layer is selected, as ``("A", "Control-A")``."""
    for key in pressed:
        layer.bind_key(key, lambda _layer: None, overwrite=True)


def unmute(layer: Layer, pressed: Iterable[str]) -> None:
    """Let them do what napari does."""
    for key in pressed:
        layer.bind_key(key, None, overwrite=True)


def _alone(action: Callable[[], Any]) -> Callable[[Any], None]:
    def press(_holder: Any) -> None:
        action()

    return press
