"""Masks into files, and masks from files."""

from __future__ import annotations

import re
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_samunet.plugin.panels.section import Section, button, literal

_FORMATS = {
    "NIfTI (*.nii.gz *.nii)": (".nii.gz", ""),
    "NRRD with names, for 3D Slicer (*.seg.nrrd *.nrrd)": (".seg.nrrd", ""),
    "MetaImage (*.mha)": (".mha", ""),
    "DICOM SEG (*.dcm)": (".dcm", "dicom-seg"),
    "DICOM RTSTRUCT (*.dcm)": (".dcm", "rtstruct"),
    "Volumes and intensities (*.csv)": (".csv", ""),
    "Overlay picture (*.png)": (".png", ""),
    "Prompts and model (*.json)": (".json", ""),
    "All files (*)": ("", ""),
}
"""What the dialog offers: the ending that a bare name gets, and the format of the session."""

_NO_FILE_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\ud800-\udfff]')
"""What names folders, or what no file is called on some system."""

_MASKS = "Masks (*.nii *.nii.gz *.nrrd *.mha *.mhd *.dcm);;All files (*)"


class ExportPanel(Section):
    """Buttons that ask for a path.

    Signals: ``export_requested(path, format)``, where the format is "" when the name tells it, and
    ``import_requested(path)``.
    """

    export_requested = Signal(str, str)
    import_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__("Files")
        self._image_name = "image"
        self._import = button("Add masks…", "", self._ask_source)
        self._import.setToolTip(
            "Correct masks of a file: NIfTI, NRRD, MetaImage, DICOM SEG or RTSTRUCT"
        )
        self._export = button("Export…", "", self._ask_target)
        self._export.setToolTip(
            "Save all accepted objects on the grid of the image: NIfTI, NRRD, DICOM SEG, RTSTRUCT, "
            "a table or a picture"
        )
        self.body.addWidget(self._import)
        self.body.addWidget(self._export)

    def set_enabled(self, enabled: bool, image: bool = True) -> None:
        """There is something to save after an object was accepted, and a place for masks with
        an image."""
        self._export.setEnabled(enabled)
        self._import.setEnabled(image)

    def set_image(self, name: str) -> None:
        """Name of the image, which the dialog makes that of a file."""
        self._image_name = name

    def _ask_target(self) -> None:
        named, chosen = QFileDialog.getSaveFileName(
            self, "Export", str(suggested(self._image_name)), ";;".join(_FORMATS)
        )
        if not named:
            return
        path, kind = completed(named, chosen)
        if path == named or self._may_replace(Path(path)):
            self.export_requested.emit(path, kind)

    def _may_replace(self, path: Path) -> bool:
        """Ask about a file that the dialog did not see, for the name there had no ending."""
        if not path.exists():
            return True
        text = literal(f"{path.name} is there already. Replace it?")
        return QMessageBox.question(self, "Export", text) == QMessageBox.StandardButton.Yes

    def _ask_source(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add masks", "", _MASKS)
        if path:
            self.import_requested.emit(path)


def suggested(image_name: str) -> Path:
    """A file for the labels of an image, in this folder whatever the image is called."""
    try:
        folder = Path.cwd()
    except OSError:  # it is gone: on a stick that was taken out, or deleted meanwhile
        folder = Path.home()
    return folder / f"{_NO_FILE_NAME.sub('_', image_name)}_labels.nii.gz"


_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".dcm", ".csv", ".png", ".json")


def completed(path: str, chosen: str) -> tuple[str, str]:
    """Give a bare name the ending of the chosen kind; another ending wins over that kind.

    A dot alone makes no ending: ``case.01`` and ``Smith.J`` are bare names.
    """
    ending, kind = _FORMATS.get(chosen, ("", ""))
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    if not name.lower().endswith(_ENDINGS):
        path += ending
    return path, kind if path.lower().endswith(".dcm") else ""
