"""The offer to continue where the person stopped."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_samunet.plugin.panels.passage import Passage
from napari_samunet.plugin.panels.section import button, side_by_side


class LastSessionPanel(QWidget):
    """Seen only while there is a session to continue; it never stands in the way of a click.

    Signals: ``continue_requested()``, ``refused()``.
    """

    continue_requested = Signal()
    refused = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text = Passage()
        self._continue = button(
            "Continue", "continue", self.continue_requested.emit, "Continue the last session"
        )
        self._refuse = button("Start afresh", "", self.refused.emit)
        self._refuse.setToolTip("Begin anew; `samunet resume` lists the earlier sessions")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(3)
        layout.addWidget(self._text)
        layout.addLayout(side_by_side(self._continue, self._refuse))
        self.set_offer("")

    def set_offer(self, about: str) -> None:
        """Offer the session of that moment and size; "" for none."""
        self._text.setText(f"You worked on this image before: {about}.")
        self.setVisible(bool(about))
