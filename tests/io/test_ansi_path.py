"""Under a user's name with an umlaut images open and labels leave on Windows, too."""

from __future__ import annotations

import bz2
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import ExportRefused, UnreadableFile
from napari_samunet.io import ansi_path
from napari_samunet.io.export import export_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume

VOXELS = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
LABELS = (VOXELS > 80).astype(np.uint8)


def as_ansi(name: str) -> str:
    """What Windows of western Europe takes the UTF-8 bytes for that ITK hands it."""
    return name.encode().decode("cp1252", "replace")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder on such a Windows: a real one, or one where the short name is a link."""
    folder = tmp_path / "Müller"
    folder.mkdir()
    if sys.platform == "win32":
        return folder

    class Reader(sitk.ImageFileReader):
        def SetFileName(self, name: str) -> None:  # noqa: N802 - ITK's name
            if name.endswith(".mhd") and not Path(name).read_bytes().isascii():
                raise RuntimeError("its voxels are not found")
            super().SetFileName(as_ansi(name))

    def write(image: sitk.Image, name: str, **options: bool) -> None:
        save(image, as_ansi(name), **options)

    def short(path: Path) -> str:
        name = str(path).replace("Müller", "MLLER~1")
        if not name.isascii() and path.is_file():  # short names have short endings
            plain = path.with_name(f"{ord(path.name[0])}~1{path.suffix[:4].upper()}")
            plain.unlink(missing_ok=True)
            os.link(path, plain)
            return str(plain).replace("Müller", "MLLER~1")
        return name

    save = sitk.WriteImage
    (tmp_path / "MLLER~1").symlink_to(folder)
    monkeypatch.setattr(sitk, "ImageFileReader", Reader)
    monkeypatch.setattr(sitk, "WriteImage", write)
    monkeypatch.setattr(ansi_path, "_IS_ANSI", True)
    monkeypatch.setattr(ansi_path, "_short", short)
    return folder


def save_image(path: Path) -> Path:
    """Written by another program, which knows Unicode."""
    plain = path.parent.parent / f"plain{path.suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(VOXELS), str(plain))
    return plain.rename(path)


@pytest.mark.parametrize("stem", ["ct", "größe", "日本"])
@pytest.mark.parametrize("ending", ["nrrd", "mha", "gipl"])
def test_an_image_opens(home: Path, stem: str, ending: str) -> None:
    assert np.array_equal(open_volume(save_image(home / f"{stem}.{ending}")).array, VOXELS)


def save_two_files(folder: Path) -> Path:
    """A header in UTF-8, as programs of today write it, and its voxels."""
    (folder / "größe.raw").write_bytes(VOXELS.tobytes())
    path = folder / "größe.mhd"
    path.write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 6 5 4\nElementType = MET_SHORT\n"
        "ElementDataFile = größe.raw\n",
        encoding="utf-8",
    )
    return path


def test_so_does_one_whose_header_names_its_voxels(home: Path) -> None:
    volume = open_volume(save_two_files(home))
    assert np.array_equal(volume.array, VOXELS)
    assert volume.source.files == (home / "größe.raw",)


def test_so_does_a_nrrd_that_is_unpacked_into_the_users_own_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(home))
    header = (
        b"NRRD0004\ntype: short\ndimension: 3\nsizes: 6 5 4\nendian: little\nencoding: bzip2\n\n"
    )
    path = home.parent / "packed.nrrd"
    path.write_bytes(header + bz2.compress(VOXELS.tobytes()))
    assert np.array_equal(open_volume(path).array, VOXELS)


@pytest.mark.parametrize(
    "name", ["a.nrrd", "größe.nrrd", "日本.seg.nrrd", "größe.MHA", "a.mhd", "größe.mhd"]
)
def test_labels_leave_and_come_back(home: Path, name: str) -> None:
    written = export_labels(LABELS, Volume.from_array(VOXELS), home / name)
    assert written == home / name
    assert np.array_equal(open_volume(written).array, LABELS)


def test_where_windows_keeps_no_short_name_the_letters_are_blamed_and_not_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_image(home / "ct.nrrd")
    monkeypatch.setattr(ansi_path, "_short", str)
    with pytest.raises(UnreadableFile, match="plain letters") as told:
        open_volume(path)
    assert not re.search("truncated|damaged", str(told.value))
    with pytest.raises(ExportRefused, match="plain letters"):
        export_labels(LABELS, Volume.from_array(VOXELS), home / "out.nrrd")
    assert list(home.iterdir()) == [path]


def test_so_are_those_of_a_data_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_two_files(home)
    monkeypatch.setattr(ansi_path, "_short", str)
    with pytest.raises(UnreadableFile, match=r"größe\.raw cannot be opened: .*plain letters"):
        open_volume(path)


def test_what_itk_opens_as_it_is_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ansi_path, "_IS_ANSI", False)
    assert ansi_path.ansi_path(tmp_path / "größe.nrrd") == str(tmp_path / "größe.nrrd")
    monkeypatch.setattr(ansi_path, "_IS_ANSI", True)
    monkeypatch.delattr(ansi_path, "_short")
    assert ansi_path.ansi_path(tmp_path / "a.nrrd") == str(tmp_path / "a.nrrd")
