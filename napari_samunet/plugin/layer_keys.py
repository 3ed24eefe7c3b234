"""Keys where a helper layer is selected: its class has them for itself.

Without this, Ctrl+Z after a stroke of napari's brush would take voxels back that the session keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari.layers import Points, Shapes

from napari_samunet.plugin import keys
from napari_samunet.plugin.helper_layers import is_helper

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList
    from napari.layers import Layer


_OURS = "undo", "redo", "delete_prompt"
# What is selected, napari deletes, copies and pastes: discs and boxes that are no prompts.
_SELECT = ("A", "Shift-A", f"{keys.CONTROL}-A")


class LayerKeys:
    """Gives our helper layers some of our keys, those that come later too.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    actions : mapping of str to callable
        Name in `keys.KEYS` to what is called.
    """

    def __init__(self, layers: LayerList, actions: Mapping[str, Callable[[], Any]]) -> None:
        self._layers = layers
        self._actions = {name: actions[name] for name in _OURS}
        for layer in layers:
            self._bind(layer)
        layers.events.inserted.connect(self._on_inserted)

    def release(self) -> None:
        """Give the keys back to napari."""
        self._layers.events.inserted.disconnect(self._on_inserted)
        for layer in self._layers:
            if is_helper(layer):
                keys.unbind(layer, self._actions)
                keys.unmute(layer, _SELECT)

    def _on_inserted(self, event: Any) -> None:
        self._bind(event.value)

    def _bind(self, layer: Layer) -> None:
        if is_helper(layer):
            keys.bind(layer, self._actions)
            if isinstance(layer, Points | Shapes):
                keys.mute(layer, _SELECT)
