"""The graphics context in which napari frees what a removed layer was drawn with."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList
    from qtpy.QtOpenGLWidgets import QOpenGLWidget


class OwnContext:
    """Makes the canvas's own OpenGL context current before a layer goes.

    napari 0.9 frees the layer's buffers and programs in whichever context is current then, and
    after a frame that is the one in which Qt puts the window together. The contexts share them, so
    they are deleted, but the canvas's own still has them bound: Mesa 22.3 ends the process at one
    of the next frames (segmentation fault in ``glDrawArrays``).

    Parameters
    ----------
    canvas : QOpenGLWidget
    layers : LayerList
        Those that are drawn on it.
    """

    def __init__(self, canvas: QOpenGLWidget, layers: LayerList) -> None:
        self._canvas, self._layers = canvas, layers
        layers.events.removing.connect(self.enter)

    def enter(self, _event: object = None) -> None:
        """Make the canvas's context current; nothing where nothing was drawn yet."""
        with suppress(RuntimeError):  # Qt deleted the canvas together with its window
            if self._canvas.isValid():
                self._canvas.makeCurrent()

    def release(self) -> None:
        """Let go of the layers."""
        self._layers.events.removing.disconnect(self.enter)
