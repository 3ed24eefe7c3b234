"""Saving the labels."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog

from napari_samunet.plugin.panels.section import Section, button

_FORMATS = "NIfTI (*.nii.gz *.nii);;NRRD (*.nrrd);;MetaImage (*.mha);;All files (*)"


class ExportPanel(Section):
    """A button that asks for a path.

    Signals: ``export_requested(path)``.
    """

    export_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__("Export")
        self._suggested = "labels.nii.gz"
        self._export = button("Export labels…", "", self._ask)
        self._export.setToolTip("Save all accepted objects on the grid of the image")
        self.body.addWidget(self._export)

    def set_enabled(self, enabled: bool) -> None:
        """There is something to save only after an object was accepted."""
        self._export.setEnabled(enabled)

    def set_suggestion(self, path: str) -> None:
        """Path that the dialog offers at first."""
        self._suggested = path

    def _ask(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export labels", self._suggested, _FORMATS)
        if path:
            self.export_requested.emit(path)
