"""Which model answers."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSizePolicy

from napari_samunet.plugin.panels.section import Section, button


class ModelPanel(Section):
    """The name of the model, and a button to take another one from a file.

    Signals: ``model_requested(path)`` with a checkpoint's path.
    """

    model_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__("Model")
        self._name = QLabel("built-in")
        self._name.setWordWrap(True)
        self._open = button("Open…", "", self._ask, "Open a checkpoint")
        self._open.setToolTip("Use another model: a SAM, MedSAM, SAM-Med2D or SAM-UNet checkpoint")
        self._open.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.addWidget(self._name, 1)
        row.addWidget(self._open)
        self.body.addLayout(row)

    def set_model(self, text: str) -> None:
        """Say which model answers, and on what it runs."""
        self._name.setText(text)

    def set_busy(self, busy: bool) -> None:
        """No other model can be chosen while one is being loaded."""
        self._open.setEnabled(not busy)

    def _ask(self) -> None:
        wanted = "Checkpoints (*.safetensors *.pt *.pth);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Open a checkpoint", "", wanted)
        if path:
            self.model_requested.emit(path)
