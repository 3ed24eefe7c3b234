"""What all panels share: a titled section, and its controls, with names for screen readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_samunet.plugin.keys import tip


class Section(QWidget):
    """A panel with a heading that folds it; panels fill ``body``.

    Signals: ``folded(bool)``, False when it is unfolded.
    """

    folded = Signal(bool)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._title = title
        self._heading = self._make_heading(title)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 2)
        self.body.setSpacing(4)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self._heading)
        rows.addWidget(self._content)

    @property
    def is_open(self) -> bool:
        """Whether the panel is unfolded."""
        return self._heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Fold or unfold the panel."""
        self._heading.setChecked(is_open)

    def set_summary(self, text: str) -> None:
        """Say the most important thing beside the title, where it is read when folded too."""
        self._heading.setText(f"{self._title}  ·  {text}" if text else self._title)

    def _make_heading(self, title: str) -> QToolButton:
        heading = QToolButton()
        heading.setText(title)
        heading.setCheckable(True)
        heading.setChecked(True)
        heading.setAutoRaise(True)
        heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        heading.setArrowType(Qt.ArrowType.DownArrow)
        heading.setToolTip(f"Fold or unfold: {title}")
        heading.setAccessibleName(f"Section {title}")
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        heading.toggled.connect(self._fold)
        return heading

    def _fold(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._heading.setArrowType(arrow)
        self.folded.emit(not is_open)


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
        What a screen reader says, where the text alone says too little; else it says what the
        button says at that moment.
    """
    made = QPushButton(text)
    if key:
        made.setToolTip(tip(key))
    made.setAccessibleName(label)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.clicked.connect(lambda _checked=False: pressed())
    return made


def drop_down(name: str, tooltip: str) -> QComboBox:
    """Make a list to choose from, which may be narrower than its rows; a screen reader names it."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(tooltip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(8)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def side_by_side(*controls: QWidget, stretch: Sequence[int] | None = None) -> QHBoxLayout:
    """Lay controls out in a row; ``stretch`` tells how they share what room is left."""
    row = QHBoxLayout()
    row.setSpacing(3)
    for number, control in enumerate(controls):
        row.addWidget(control, stretch[number] if stretch else 0)
    return row


def literal(text: str) -> str:
    """Text for a tooltip or dialog, which Qt would take for HTML if a name in it looked so."""
    shown = escape(text).replace("\n", "<br>")
    return f"<qt>{shown}</qt>" if "<" in text or "&lt;" in text else text
