"""The chosen image is the one that is seen: nobody clicks on one image and gets another's mask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from napari.layers import Image, Layer

if TYPE_CHECKING:
    from napari.components import ViewerModel

_COVERING = {"opaque", "translucent", "translucent_no_depth"}


class Spotlight:
    """Hides images that would lie over or beside the chosen one, and shows them again.

    Overlays, additive channels and half transparent images stay; so does a grid of images.
    """

    def __init__(self) -> None:
        self._aside: dict[Image, list[Layer]] = {}

    def turn_to(
        self, image: Image, viewer: ViewerModel, helpers_of: Callable[[Image], list[Layer]]
    ) -> None:
        """Show an image and what was hidden with it; hide the others.

        Parameters
        ----------
        image : Image
            The chosen one.
        viewer : napari.Viewer
        helpers_of : callable
            ``helpers_of(image)`` gives the layers that belong to an image.
        """
        image.visible = True
        _show(self._aside.pop(image, ()))
        if viewer.canvas.grid.enabled or not _covers(image):
            return
        others = [layer for layer in viewer.layers if isinstance(layer, Image)]
        for other in others:
            if other is not image and _covers(other):
                hidden = [layer for layer in (other, *helpers_of(other)) if layer.visible]
                self._aside[other] = hidden
                for layer in hidden:
                    layer.visible = False

    def put_aside(self, image: Image, layer: Layer) -> bool:
        """Hide what came to an image that is hidden, until it is chosen; False where it is not."""
        if image not in self._aside:
            return False
        self._aside[image].append(layer)
        layer.visible = False
        return True

    def seen(self, viewer: ViewerModel) -> list[Layer]:
        """Layers that are not hidden, where one of the others was put aside; else all."""
        aside = any(not image.visible for image in self._aside)
        return [layer for layer in viewer.layers if layer.visible or not aside]

    def forget(self, image: Layer) -> None:
        """Let go of an image that was removed; its labels, which stay, are seen again."""
        _show(self._aside.pop(image, ()))

    def all_on(self) -> None:
        """Show everything again that was hidden."""
        for hidden in self._aside.values():
            _show(hidden)
        self._aside.clear()


def _show(layers: Iterable[Layer]) -> None:
    for layer in layers:
        layer.visible = True


def _covers(image: Image) -> bool:
    return image.visible and image.opacity == 1 and str(image.blending) in _COVERING
