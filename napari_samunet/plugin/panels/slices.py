"""Where in the volume we are, and what is done there."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_samunet.plugin.panels.section import Section, button, line


class SlicesPanel(Section):
    """Shows the slice. Emits ``step_requested(±1)`` to go to the next slice that has a mask."""

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Slices", parent)
        self.place = line()
        self.back = button("◀ done", "", "Go back to the nearest slice with a mask of this object")
        self.forth = button("done ▶", "", "Go on to the nearest slice with a mask of this object")
        self.back.clicked.connect(lambda: self.step_requested.emit(-1))
        self.forth.clicked.connect(lambda: self.step_requested.emit(1))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.forth)
        self.rows.addWidget(self.place)
        self.rows.addLayout(row)
        self.set_place("", back=False, forth=False)

    def set_place(self, text: str, back: bool, forth: bool) -> None:
        """Show the slice, and whether there are masks before and after it."""
        self.place.setText(text)
        self.place.setVisible(bool(text))
        self.back.setEnabled(back)
        self.forth.setEnabled(forth)
