"""All keys at one look."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from napari_samunet.plugin.keys import KEYS

NAPARI = {
    "← →": "One slice back or on; Ctrl and the wheel do it too",
    "Ctrl+E": "Roll the axes: to the next plane",
    "Ctrl+T": "Transpose: swap across and down",
    "Ctrl+Y": "To 3-D, and back to 2-D",
    "Ctrl+R": "See the whole image again",
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
        text.setAccessibleName("All keys")
        layout = QVBoxLayout(self)
        layout.addWidget(text)


def _rows(keys: Mapping[str, str]) -> str:
    return "".join(
        f"<tr><td style='padding-right:14px'><b>{shown}</b></td><td>{does}</td></tr>"
        for shown, does in keys.items()
    )
