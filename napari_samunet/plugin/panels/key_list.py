"""All keys at one look."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QDialog, QFrame, QLabel, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from napari_samunet.plugin.keys import CTRL, KEYS

_OF_SCREEN = 0.9  # the frame of the window needs the rest
NAPARI = {
    "← →": f"One slice back or on; {CTRL} and the wheel do it too",
    f"{CTRL}+E": "Roll the axes: to the next plane",
    f"{CTRL}+T": "Transpose: swap across and down",
    f"{CTRL}+Y": "To 3-D, and back to 2-D",
    f"{CTRL}+R": "See the whole image again",
}
"""The keys of napari itself that matter most here, as it binds them by default."""


class KeyList(QDialog):
    """A window beside the viewer that lists every key and what it does.

    Parameters
    ----------
    parent : QWidget
        Gives theme and place; the dialog never stands in the way of the viewer.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setModal(False)
        own = _rows({key.shown: key.does for key in KEYS.values()})
        heading = "<tr><td colspan='2'><br><small>napari</small></td></tr>"
        text = QLabel(f"<table cellspacing='3'>{own}{heading}{_rows(NAPARI)}</table>")
        text.setTextFormat(Qt.TextFormat.RichText)
        area, self._bar = QScrollArea(), QScrollBar(Qt.Orientation.Vertical)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setVerticalScrollBar(self._bar)
        area.setWidget(text)
        self._text, layout = text, QVBoxLayout(self)
        layout.addWidget(area)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Be as large as the list, or as the screen lets it be."""
        layout, screen = self.layout(), self.screen()
        if layout is not None and screen is not None:
            text = self._text.sizeHint().grownBy(layout.contentsMargins())
            bar = self._bar.sizeHint().width()
            wanted = text + QSize(2 * bar, bar)  # the theme leaves room around all that it holds
            self.resize(wanted.boundedTo(screen.availableSize() * _OF_SCREEN))
        super().showEvent(event)  # gives a place to a window of this size


def _rows(keys: Mapping[str, str]) -> str:
    return "".join(
        f"<tr><td style='padding-right:14px'><b>{shown}</b></td><td>{does}</td></tr>"
        for shown, does in keys.items()
    )
