"""Which model answers, and on which device."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QWidget

from napari_samunet.plugin.panels.section import Section, line


class ModelPanel(Section):
    """Shows the model. Emits ``model_requested(name_or_path)`` when a person chooses another."""

    model_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model", parent)
        self.name = line("Loading…")
        self.change = QPushButton("Change…", self)
        self.change.setToolTip("Use the built-in model or a checkpoint file")
        menu = QMenu(self.change)
        menu.addAction("Built-in").triggered.connect(self._on_builtin)
        menu.addAction("Checkpoint file…").triggered.connect(self._on_file)
        self.change.setMenu(menu)
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.change)
        self.rows.addLayout(row)

    def set_model(self, text: str, tip: str = "") -> None:
        """Show what answers, e.g. "SAM-UNet (built-in), CPU"."""
        self.name.setText(text)
        self.name.setToolTip(tip)

    def _on_builtin(self) -> None:
        self.model_requested.emit("builtin")

    def _on_file(self) -> None:
        kinds = "Checkpoints (*.safetensors *.pth *.pt);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Open a checkpoint", "", kinds)
        if path:
            self.model_requested.emit(path)
