"""Writing the labels to a file."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_samunet.plugin.panels.section import Section, button, line

_KINDS = "NIfTI (*.nii.gz *.nii);;NRRD (*.nrrd);;MetaImage (*.mha *.mhd)"


class ExportPanel(Section):
    """Asks for a path and emits ``export_requested(path)``."""

    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Export", parent)
        self._proposal = "labels.nii.gz"
        self.export = button("Export labels…", "export", "Write the labels on the image's own grid")
        self.export.clicked.connect(self.ask)
        self.done = line()
        self.done.setVisible(False)
        self.rows.addWidget(self.export)
        self.rows.addWidget(self.done)
        self.set_possible(False)

    def set_possible(self, possible: bool, proposal: str = "") -> None:
        """Enable the export where there are labels, and propose a path."""
        self.export.setEnabled(possible)
        self._proposal = proposal or self._proposal

    def set_done(self, path: Path | None) -> None:
        """Show what was written."""
        self.done.setVisible(path is not None)
        if path is not None:
            self.done.setText(f"Written: {path.name}")
            self.done.setToolTip(str(path))

    def ask(self) -> None:
        """Let a person choose the file; nothing happens when they cancel or there are no labels."""
        if not self.export.isEnabled():
            return
        path, _ = QFileDialog.getSaveFileName(self, "Export labels", self._proposal, _KINDS)
        if path:
            self.export_requested.emit(path)
