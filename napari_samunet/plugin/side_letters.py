"""The letters at the edges of the canvas that tell the patient's right from the left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_samunet.plugin.orientation import sides_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.work import ImageWork

_STYLE = (
    "color: white; background: rgba(0, 0, 0, 110); border-radius: 3px; padding: 1px 5px;"
    "font-size: 15px; font-weight: bold;"
)
_MARGIN = 6  # pixels from the edge
_EDGES = {"top": (0.5, 0.0), "bottom": (0.5, 1.0), "left": (0.0, 0.5), "right": (1.0, 0.5)}
"""Where along the width and the height of the canvas each letter stands."""
_MOVES = ("scale", "rotate", "shear", "affine")


class SideLetters(QObject):
    """L or R, A or P, S or I at the four edges of a canvas, of the image that is worked on.

    Parameters
    ----------
    canvas : QWidget
        What the letters lie on; also the parent. They let the mouse through.
    viewer : napari.Viewer
    work : callable
        ``work()`` gives the work on the chosen image, or None.
    """

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, work: Callable[[], ImageWork | None]
    ) -> None:
        super().__init__(canvas)
        self._canvas, self._viewer, self._work = canvas, viewer, work
        self._followed: ImageWork | None = None
        self.labels = {edge: self._label(edge) for edge in _EDGES}
        canvas.installEventFilter(self)
        for event in self._view_events():
            event.connect(self.show_sides)
        self.show_sides()

    def show_sides(self, _event: object = None) -> None:
        """Write the letters of what is shown now."""
        self._follow(self._work())
        work = self._followed
        sides = None if work is None else sides_of(self._viewer, work.image, work.volume)
        for edge, label in self.labels.items():
            label.setText("" if sides is None else asdict(sides)[edge])
            label.setVisible(sides is not None)
        self._place()

    def remove(self) -> None:
        """Take the letters from the canvas."""
        self._follow(None)
        for event in self._view_events():
            event.disconnect(self.show_sides)
        self._canvas.removeEventFilter(self)
        for label in self.labels.values():
            label.setParent(None)  # gone at once
            label.deleteLater()
        self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Keep the letters at the edges when the canvas gets another size."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _label(self, edge: str) -> QLabel:
        label = QLabel(self._canvas)
        label.setObjectName(f"side {edge}")
        label.setStyleSheet(_STYLE)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return label

    def _place(self) -> None:
        for edge, (across, down) in _EDGES.items():
            label = self.labels[edge]
            label.adjustSize()
            free = self._canvas.size() - label.size()
            label.move(
                round(_MARGIN + across * (free.width() - 2 * _MARGIN)),
                round(_MARGIN + down * (free.height() - 2 * _MARGIN)),
            )

    def _follow(self, work: ImageWork | None) -> None:
        """Notice when the image that is worked on is turned."""
        if work is self._followed:
            return
        for event in _turns(self._followed):
            event.disconnect(self.show_sides)
        for event in _turns(work):
            event.connect(self.show_sides)
        self._followed = work

    def _view_events(self) -> tuple[Any, ...]:
        dims, camera = self._viewer.dims, self._viewer.scene.camera
        return dims.events.order, dims.events.ndisplay, camera.events.orientation


def _turns(work: ImageWork | None) -> list[Any]:
    return [] if work is None else [getattr(work.image.events, name) for name in _MOVES]
