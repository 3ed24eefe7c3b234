"""The image stands still while something is drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Stillness:
    """Takes the drag from napari's camera for as long as a gesture of ours lasts.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._camera = viewer.scene.camera

    def __enter__(self) -> Stillness:
        self._before = self._camera.mouse_pan, self._camera.mouse_zoom
        self.keep()
        return self

    def keep(self) -> None:
        """Hold on: napari switches panning on whenever a layer appears, be it the preview."""
        self._camera.mouse_pan = False
        self._camera.mouse_zoom = False  # a right drag zooms otherwise

    def __exit__(self, *error: object) -> None:
        self._camera.mouse_pan, self._camera.mouse_zoom = self._before
