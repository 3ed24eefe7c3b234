"""The line that says what to do next."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_samunet.plugin.panels.passage import Passage
from napari_samunet.plugin.rest import Rest

_FELT_MS = 300  # a shorter wait needs no bar, and whatever moves in a window costs it frames


class StatusPanel(QWidget):
    """One or two sentences for the person, and a thin bar that moves while the model works."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)  # the theme leaves room around the words
        self._text = Passage()
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setAccessibleName("The model is working")
        self._wait = Rest(self, _FELT_MS, lambda: self._bar.setRange(0, 0))
        layout.addWidget(self._text)
        layout.addWidget(self._bar)

    @property
    def text(self) -> str:
        """What the line says now."""
        return self._text.text()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Make room for two lines, lest the panels below jump whenever the text changes."""
        super().showEvent(event)
        self._text.ensurePolished()  # the theme has its own letters
        said = self._text.text()
        self._text.setText("two\nlines")
        self._text.setMinimumHeight(self._text.heightForWidth(self._text.width()))
        self._text.setText(said)

    def set_text(self, text: str) -> None:
        """Say something else."""
        self._text.setText(text)

    def set_busy(self, busy: bool) -> None:
        """Move the bar once a wait is felt (busy), or leave it empty."""
        if busy:
            self._wait.start()
        else:
            self._wait.stop()
            self._bar.setRange(0, 1)
            self._bar.setValue(0)
