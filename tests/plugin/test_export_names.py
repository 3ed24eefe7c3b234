"""The name that Export offers or completes is one that a file can have, and labels too."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_samunet.plugin.panels.export import ExportPanel, completed, suggested


@pytest.mark.parametrize("name", ["case.01", "Smith.J", "v1.2_liver", ".hidden"])
def test_a_dot_in_a_name_is_no_ending(name):
    chosen = "NIfTI (*.nii.gz *.nii)"
    assert completed(f"/x/{name}", chosen) == (f"/x/{name}.nii.gz", "")
    assert completed(f"/x/{name}", "DICOM RTSTRUCT (*.dcm)") == (f"/x/{name}.dcm", "rtstruct")
    assert completed(f"/x/{name}.MHA", chosen) == (f"/x/{name}.MHA", "")
    assert completed(f"/x/{name}", "All files (*)") == (f"/x/{name}", "")


@pytest.mark.parametrize("name", ["study/ct", "a\\b", "../../ct", "a:b", "a\0b", "a\udcffb", "ct"])
def test_what_is_offered_lies_in_the_folder_whatever_the_image_is_called(name):
    offered = suggested(name)
    assert offered.parent == Path.cwd()
    assert offered.name.endswith("_labels.nii.gz")
    assert not set("\0\\/:") & set(offered.name)
    str(offered).encode()


@pytest.mark.viewer
def test_a_window_works_on_in_a_folder_that_is_gone_and_offers_the_home_folder(screen, monkeypatch):
    def gone():
        raise FileNotFoundError("the stick was taken out")

    monkeypatch.setattr(Path, "cwd", gone)
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    assert "in the labels" in screen.widget.status.text
    offered = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *given: (offered.append(given[2]) or "", "")
    )
    screen.widget.export._export.click()
    assert offered == [str(Path.home() / "volume_labels.nii.gz")]


@pytest.mark.parametrize(("answer", "written"), [("Yes", 1), ("No", 0)])
def test_a_file_that_only_the_completed_name_meets_is_not_replaced_unasked(
    qtbot, monkeypatch, tmp_path, answer, written
):
    (tmp_path / "liver.nii.gz").touch()
    panel = ExportPanel()
    qtbot.addWidget(panel)
    asked, exported = [], []
    panel.export_requested.connect(lambda *request: exported.append(request))
    named = [str(tmp_path / "liver"), str(tmp_path / "spleen"), str(tmp_path / "liver.nii.gz")]
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *_arguments: (named.pop(0), "NIfTI (*.nii.gz *.nii)"),
    )

    def question(_parent, _title, text):
        asked.append(text)
        return getattr(QMessageBox.StandardButton, answer)

    monkeypatch.setattr(QMessageBox, "question", question)
    panel._ask_target()
    assert asked == ["liver.nii.gz is there already. Replace it?"]
    assert len(exported) == written
    panel._ask_target()
    panel._ask_target()  # of a whole name the dialog itself has asked
    assert len(asked) == 1
    assert len(exported) == written + 2
