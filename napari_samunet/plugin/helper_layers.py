"""The napari layers that belong to one image: made, found again, and told from their copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, WeakValueDictionary

from napari.layers import Image, Layer

from napari_samunet.plugin.volumes import METADATA_KEY, volume_behind

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList

# Where two voxel grids lie over each other; copied from the image, and again when it is moved.
GEOMETRY = ("scale", "translate", "rotate", "shear", "affine", "units")
_PLACE = (*GEOMETRY, "axis_labels")
ROLES = ("labels", "preview", "strokes", "suggestions", "ghost", "boxes", "points")  # from below

_made: WeakSet[Layer] = WeakSet()
"""Not told by their metadata: what a person duplicates has the same."""


def is_helper(layer: Layer) -> bool:
    """Whether the plugin made a layer to show its work."""
    return layer in _made


def is_copy_of_labels(layer: Layer) -> bool:
    """Whether a person duplicated accepted labels: nothing of the plugin follows that layer."""
    known = layer.metadata.get(METADATA_KEY, {})
    return known.get("role") == "labels" and not is_helper(layer)


class HelperLayers:
    """The helper layers of one image, by their roles.

    They are ordinary napari layers on the image's own grid, so that a person may rename, reorder,
    hide or delete them. Selection stays where it was, because napari pans with the selected layer.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    image : Image
        The image that is segmented, 2-D or 3-D.
    """

    def __init__(self, layers: LayerList, image: Image) -> None:
        self._layers = layers
        self.image = image
        self._by_role: WeakValueDictionary[str, Layer] = WeakValueDictionary()
        for name in GEOMETRY:
            getattr(image.events, name).connect(self._follow)

    def find(self, role: str) -> Layer | None:
        """Return the layer of a role ("labels", "preview", "points", …), or None."""
        layer = self._by_role.get(role)
        return layer if layer in self._layers else None

    @property
    def helpers(self) -> list[Layer]:
        """All layers of these roles, as far as they exist."""
        return [layer for layer in map(self.find, ROLES) if layer is not None]

    def owns(self, layer: Layer | None) -> bool:
        """Whether a layer is the image or one of its helpers."""
        return layer is self.image or (layer is not None and layer in self.helpers)

    def shows(self, role: str) -> bool:
        """Whether the layer of a role is there and not hidden."""
        layer = self.find(role)
        return layer is not None and layer.visible

    def toggle(self) -> None:
        """Hide all helper layers, or show them again if one is hidden."""
        helpers = self.helpers
        visible = not all(layer.visible for layer in helpers)
        for layer in helpers:
            layer.visible = visible

    def reveal(self, roles: Sequence[str] = ROLES[1:]) -> None:
        """Show what an action changes, by default a prompt's, if it was hidden."""
        for layer in map(self.find, roles):
            if layer is not None and not layer.visible:  # napari draws it again even if it was
                layer.visible = True

    def remove_helpers(self) -> None:
        """Take preview and prompts away; the accepted labels stay with the person."""
        for name in GEOMETRY:
            getattr(self.image.events, name).disconnect(self._follow)
        with self._layers.batched_update():  # else napari collects garbage after each of them
            for role in ROLES[1:]:
                layer = self.find(role)
                if layer is not None:
                    self._layers.remove(layer)

    def _insert(self, layer: Any) -> Any:
        """Add where its role belongs, from labels up to points; leave the selection."""
        selected = self._layers.selection.active
        role = layer.metadata[METADATA_KEY]["role"]
        own = ROLES.index(role)
        _made.add(layer)
        if role != "labels":  # what is painted there becomes masks of the objects
            layer.events.editable.connect(_shut)
            layer.editable = False
        above = [self.find(role) for role in ROLES[own + 1 :]]
        places = [self._layers.index(other) for other in above if other is not None]
        place = min(places, default=len(self._layers))
        self._layers.insert(place, layer)
        self._layers.selection.active = selected if selected in self._layers else self.image
        self._by_role[role] = layer  # not before: who selects a layer of ours chooses its image
        return layer

    def _adopt(self, layer: Layer) -> None:
        """Take over a layer of an earlier panel, in the role that it had."""
        layer.metadata.update(self._metadata("labels"))
        self._by_role["labels"] = layer

    def _like(self, role: str) -> dict[str, Any]:
        """What makes a new layer lie on the image, and be found again."""
        geometry = {name: getattr(self.image, name) for name in _PLACE}
        return {
            "name": f"{self.image.name} {role}",
            "metadata": self._metadata(role),
            **geometry,
        }

    def _metadata(self, role: str) -> dict[str, Any]:
        # The volume tells the order of the axes, and the writer the exact geometry.
        return {METADATA_KEY: {"role": role, "volume": volume_behind(self.image)}}

    def _follow(self) -> None:
        for layer in self.helpers:
            self._place(layer)

    def _place(self, layer: Layer) -> None:
        """Lay a layer on the image."""
        for name in _PLACE:
            setattr(layer, name, getattr(self.image, name))


def _shut(event: Any) -> None:
    """Keep napari's own tools off a layer: what they change in it is no prompt and no mask.

    napari opens it again where it switches from 3-D to 2-D, or gets another array.
    """
    event.source.editable = False
