"""All keys at one look."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from napari_samunet.plugin.keys import KEYS


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
        rows = "".join(
            f"<tr><td style='padding-right:14px'><b>{key.shown}</b></td><td>{key.does}</td></tr>"
            for key in KEYS.values()
        )
        text = QLabel(f"<table cellspacing='3'>{rows}</table>")
        text.setTextFormat(Qt.TextFormat.RichText)
        text.setAccessibleName("All keys")
        layout = QVBoxLayout(self)
        layout.addWidget(text)
