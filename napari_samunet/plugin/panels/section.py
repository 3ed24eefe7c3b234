"""What all panels share: a titled section, and buttons with a tooltip that names their key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_samunet.plugin.keys import tip


class Section(QWidget):
    """A panel with a heading; panels fill ``body``."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 2, 0, 4)
        self.body.setSpacing(4)
        heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.body.addWidget(heading)


def button(text: str, key: str, pressed: Callable[[], Any], label: str = "") -> QPushButton:
    """Make a push button.

    Parameters
    ----------
    text : str
        What it says.
    key : str
        Name in the table of keys, for the tooltip; "" for none.
    pressed : callable
        Called without arguments.
    label : str, optional
        What a screen reader says, where ``text`` alone says too little.
    """
    made = QPushButton(text)
    if key:
        made.setToolTip(tip(key))
    made.setAccessibleName(label or text)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.clicked.connect(lambda _checked=False: pressed())
    return made
