"""Every key of the plugin, in one table. None of them is one of napari's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True)
class Key:
    """A key and what it does.

    Attributes
    ----------
    action : str
        Name of the action, as in `bind`.
    binding : str
        As napari writes keys, e.g. "Shift-B".
    text : str
        What it does, for tooltips and the list of keys.
    """

    action: str
    binding: str
    text: str

    @property
    def label(self) -> str:
        """The key as it is printed on buttons and in tooltips, e.g. "Shift+B"."""
        return self.binding.replace("-", "+").replace("Control", "Ctrl")


KEYS = (
    Key("click", "Shift-C", "Click tool"),
    Key("box", "Shift-B", "Box tool"),
    Key("paint", "Shift-D", "Brush: draw on the mask"),
    Key("erase", "Shift-E", "Eraser: take away from the mask"),
    Key("accept", "G", "Accept the preview into the labels"),
    Key("next", "N", "Accept and start the next object"),
    Key("discard", "Q", "Discard the preview"),
    Key("undo", "U", "Undo"),
    Key("redo", "Shift-U", "Redo"),
    Key("undo", "Control-Z", "Undo"),
    Key("redo", "Control-Shift-Z", "Redo"),
    Key("hide", "H", "Hide or show the preview"),
    Key("export", "Shift-S", "Export the labels"),
    Key("keys", "K", "Show all keys"),
)


def label_of(action: str) -> str:
    """The first key of an action, as it is printed."""
    return next(key.label for key in KEYS if key.action == action)


def bind(viewer: ViewerModel, actions: Mapping[str, Callable[[], object]]) -> None:
    """Let keys on the canvas start actions, by this viewer only.

    A key that the selected layer has itself stays the layer's, e.g. Ctrl+Z of a Labels layer.
    """
    for key in KEYS:
        if key.action in actions:
            viewer.bind_key(key.binding, _calling(actions[key.action]), overwrite=True)


def unbind(viewer: ViewerModel) -> None:
    """Give all keys back."""
    for key in KEYS:
        viewer.bind_key(key.binding, None)


def overview() -> str:
    """All keys and mouse gestures as a table in HTML."""
    mouse = [
        ("Left click", "Add: this belongs to the object"),
        ("Right click, Ctrl+click", "Remove: this does not belong to it"),
        ("Left drag", "Move the image; with the box tool or a brush: draw"),
        ("Wheel", "Zoom"),
    ]
    rows = mouse + [(key.label, key.text) for key in KEYS]
    cells = "".join(
        f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for key, text in rows
    )
    return f"<table cellpadding=3>{cells}</table>"


def _calling(action: Callable[[], object]) -> Callable[[object], None]:
    def pressed(viewer: object) -> None:
        action()

    return pressed
