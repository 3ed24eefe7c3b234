"""Every key of the plugin, in one table; none of them is one of napari's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True)
class Key:
    """A key and what it does.

    Attributes
    ----------
    keys : str
        As napari writes it, e.g. "Control-Z".
    shown : str
        As a person reads it, e.g. "Ctrl+Z".
    does : str
        One line for tooltips.
    """

    keys: str
    shown: str
    does: str


KEYS: Mapping[str, Key] = {
    "click": Key("Q", "Q", "Click: left adds, right (or Ctrl+left) removes; drag moves the image"),
    "box": Key("W", "W", "Box: drag around the object; clicks still add and remove"),
    "paint": Key("J", "J", "Paint: add to the mask by hand"),
    "erase": Key("K", "K", "Erase: take away from the mask by hand"),
    "accept": Key("G", "G", "Accept: put the mask into the labels and stay with this object"),
    "next_object": Key("N", "N", "Next object: accept what is shown and start another one"),
    "candidate": Key("U", "U", "Show the next candidate: another reading of the same click"),
    "undo": Key("Control-Z", "Ctrl+Z", "Take the last step back"),
    "redo": Key("Control-Shift-Z", "Ctrl+Shift+Z", "Make the step again that was taken back"),
    "discard": Key("Shift-Backspace", "Shift+Backspace", "Discard clicks and mask of this slice"),
    "continue": Key("Shift-C", "Shift+C", "Continue the last session of this image"),
    "hide": Key("H", "H", "Hide or show the mask"),
}
"""Name of the action to its key."""


def tip(name: str) -> str:
    """Tooltip of an action: what it does and its key."""
    key = KEYS[name]
    return f"{key.does}  [{key.shown}]"


def bind(viewer: ViewerModel, actions: Mapping[str, Callable[[], Any]]) -> None:
    """Bind the keys of these actions in one viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Only its own keys change; other viewers and napari's settings stay.
    actions : mapping of str to callable
        Name in `KEYS` to what is called.
    """
    for name, action in actions.items():
        viewer.bind_key(KEYS[name].keys, _without_viewer(action), overwrite=True)


def unbind(viewer: ViewerModel) -> None:
    """Take all our keys from a viewer."""
    for key in KEYS.values():
        viewer.bind_key(key.keys, None, overwrite=True)


def _without_viewer(action: Callable[[], Any]) -> Callable[[Any], None]:
    def press(_viewer: Any) -> None:
        action()

    return press
