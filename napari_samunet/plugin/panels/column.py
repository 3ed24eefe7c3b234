"""The scrolled column of the sections."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QScrollBar, QWidget

LEAST_WIDTH = 250  # napari's own dock is as wide


class Column(QScrollArea):
    """Scrolls up and down only, so it is never narrower than what it holds and the scroll bar.

    Parameters
    ----------
    inside : QWidget
        What is scrolled.
    """

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what it holds has the keyboard, or the canvas
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside, self._bar = inside, QScrollBar(Qt.Orientation.Vertical)
        self.setVerticalScrollBar(self._bar)
        self.setWidget(inside)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Leave room for the scroll bar, or it would cover the ends of the rows."""
        self._bar.ensurePolished()  # napari's theme sets its width and the frame's
        inside = self._inside.minimumSizeHint().width()
        width = inside + self._bar.sizeHint().width() + 2 * self.frameWidth()
        return QSize(max(width, LEAST_WIDTH), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let Left and Right change the slice: there is nothing to scroll sideways."""
        if event is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Notice that a section needs another width, as with larger letters or an opened one."""
        if (
            watched is self._inside
            and event is not None
            and event.type() == QEvent.Type.LayoutRequest
        ):
            self.updateGeometry()
        return super().eventFilter(watched, event)
