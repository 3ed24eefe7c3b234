"""What is picked in the dialog opens."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from dicom_series import save_series

from napari_samunet.plugin import series_dialog


def test_a_series_without_uid_is_opened_when_it_is_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, slices in (("a", 2), ("b", 3)):
        save_series(tmp_path / name, (slices, 20, 24))
    for file in (tmp_path / "a").iterdir():
        image = pydicom.dcmread(file)
        image.SeriesInstanceUID = ""
        image.save_as(file)
    monkeypatch.setattr(series_dialog, "_chosen", lambda *_given: 0)
    assert series_dialog.open_by_choice(tmp_path, object()).shape[0] == 2
