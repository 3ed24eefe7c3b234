"""What cannot be opened as it is is told with the one thing to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.open import open_volume


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile, match="no image of a known kind") as told:
        open_volume(path)
    return str(told.value)


@pytest.mark.parametrize("name", ["ct.zip", "ct", "ct.nii.gz"])
def test_a_zip_is_to_be_unpacked_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("ct/000.dcm", bytes(500))
    assert refusal(tmp_path / name).endswith("unpack it and open the folder.")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("brain.mgz", "mri_convert brain.mgz brain.nii.gz"),
        ("Brain.MGH", "mri_convert Brain.MGH Brain.nii.gz"),
        ("anat+orig.BRIK", "3dAFNItoNIFTI anat+orig.HEAD"),
        ("anat+orig.BRIK.gz", "3dAFNItoNIFTI anat+orig.HEAD"),
        ("anat+orig.HEAD", "3dAFNItoNIFTI anat+orig.HEAD"),
    ],
)
def test_what_another_program_converts_is_told_with_the_command(
    tmp_path: Path, name: str, command: str
) -> None:
    (tmp_path / name).write_bytes(b"some other header " * 30)
    assert f"convert it ({command})" in refusal(tmp_path / name)
