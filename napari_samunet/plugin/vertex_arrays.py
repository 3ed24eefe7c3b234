"""What a removed layer leaves behind in the graphics driver."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vispy.gloo import gl

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList
    from qtpy.QtOpenGLWidgets import QOpenGLWidget


class VertexArrays:
    """Disables the vertex arrays of a canvas whenever a layer goes.

    Without it the process dies at the next frame where marks go in some orders (vispy 0.17, Mesa
    22.3, drawn in software). vispy leaves arrays enabled whose buffers go with the layer; but to
    make the context current and let go of it is enough in the order that a test holds, so that
    this may not be the cause. Each drawing enables what it needs itself.

    Parameters
    ----------
    canvas : QOpenGLWidget
    layers : LayerList
        Those that are drawn on it.
    """

    def __init__(self, canvas: QOpenGLWidget, layers: LayerList) -> None:
        self._canvas, self._layers = canvas, layers
        layers.events.removed.connect(self.disable, position="last")

    def disable(self, _event: object = None) -> None:
        """Disable all of them until the next drawing."""
        with suppress(RuntimeError):  # Qt deleted the canvas together with its window
            if self._canvas.isValid():  # else nothing was drawn yet
                self._canvas.makeCurrent()
                for place in range(gl.glGetParameter(gl.GL_MAX_VERTEX_ATTRIBS)):
                    gl.glDisableVertexAttribArray(place)
                self._canvas.doneCurrent()

    def release(self) -> None:
        """Let go of the layers."""
        self._layers.events.removed.disconnect(self.disable)
