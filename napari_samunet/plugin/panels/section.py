"""A titled part of the dock widget."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_samunet.plugin.keys import KEYS, label_of


class Section(QWidget):
    """A heading with widgets below it.

    Parameters
    ----------
    title : str
        The heading; empty for none.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(4)
        if title:
            heading = QLabel(title, self)
            font = heading.font()
            font.setBold(True)
            heading.setFont(font)
            self.rows.addWidget(heading)


def line(text: str = "") -> QLabel:
    """A line of text that wraps instead of being cut off."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def button(text: str, action: str, tip: str = "") -> QPushButton:
    """A button whose tooltip says what it does and by which key."""
    made = QPushButton(text)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.setMinimumWidth(40)
    # Keys belong to the canvas: a button that took the focus would swallow Space and Enter.
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    known = [key for key in KEYS if key.action == action]
    words = tip or (known[0].text if known else text)
    made.setToolTip(f"{words} ({label_of(action)})" if known else words)
    made.setAccessibleName(words)
    return made
