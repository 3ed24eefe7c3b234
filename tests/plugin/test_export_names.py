"""The name that Export offers or completes is one that a file can have, and labels too."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_samunet.plugin.panels.export import completed
from napari_samunet.plugin.showing import suggested


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
