"""MetaImages whose voxels lie in another file open and leave whatever their names are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import ExportRefused, UnreadableFile
from napari_samunet.io import names, simpleitk_labels
from napari_samunet.io.export import export_labels
from napari_samunet.io.metaimage import check_metaimage
from napari_samunet.io.open import open_volume
from napari_samunet.io.originals import voxel_files
from napari_samunet.io.volume import Volume

SHAPE = (4, 5, 6)
VOXELS = np.arange(120, dtype=np.int16).reshape(SHAPE)


def write_header(path: Path, data: bytes, *lines: bytes) -> Path:
    start = [b"ObjectType = Image", b"NDims = 3", b"DimSize = 6 5 4", b"ElementType = MET_SHORT"]
    path.write_bytes(b"\n".join([*start, *lines, b"ElementDataFile = " + data, b""]))
    return path


@pytest.mark.parametrize("name", ["Mäsk.mhd", "日本.mhd", "Maske ß.MHD"])
def test_labels_leave_and_come_back_under_a_name_of_any_letters(tmp_path: Path, name: str) -> None:
    labels = (VOXELS > 80).astype(np.uint8)
    written = export_labels(labels, Volume.from_array(VOXELS), tmp_path / name)
    assert np.array_equal(open_volume(written).array, labels)


@pytest.mark.skipif(sys.platform == "win32", reason="there ITK itself mangles the name")
def test_an_image_of_another_program_opens_under_a_name_of_any_letters(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(VOXELS), str(tmp_path / "Schädel.mhd"))
    volume = open_volume(tmp_path / "Schädel.mhd")
    assert np.array_equal(volume.array, VOXELS)
    assert volume.source.files == (tmp_path / "Schädel.raw",)


def test_a_header_from_before_utf8_still_opens(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(VOXELS.tobytes())
    path = write_header(tmp_path / "a.mhd", b"a.raw", b"Comment = Sch\xe4del")
    assert np.array_equal(open_volume(path).array, VOXELS)


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
def test_so_does_a_data_file_whose_name_is_from_before_utf8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/Sch\xe4del.raw")).write_bytes(VOXELS.tobytes())
    path = write_header(tmp_path / "a.mhd", b"Sch\xe4del.raw")
    assert np.array_equal(open_volume(path).array, VOXELS)


def test_on_windows_such_a_name_is_read_as_that_country_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_BEFORE_UTF8", "cp1252")
    path = write_header(tmp_path / "a.mhd", b"Sch\xe4del.raw")
    assert voxel_files(path) == (tmp_path / "Schädel.raw",)
    (tmp_path / "Schädel.raw").write_bytes(VOXELS.tobytes())
    check_metaimage(path)


def test_a_data_file_that_is_missing_is_named_in_letters_that_can_be_shown(tmp_path: Path) -> None:
    path = write_header(tmp_path / "a.mhd", b"Sch\xe4del.raw")
    with pytest.raises(UnreadableFile, match=r"voxels in Sch.del\.raw, which is missing") as told:
        open_volume(path)
    assert str(told.value).encode("utf-8")


def test_labels_that_cannot_be_read_back_are_not_blamed_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_image(path: Path) -> sitk.Image:
        raise UnreadableFile(f"{path} keeps its voxels in b.raw, which is missing.")

    monkeypatch.setattr(simpleitk_labels, "read_image", read_image)
    with pytest.raises(ExportRefused, match=r"a\.mhd keeps its voxels in b\.raw") as told:
        export_labels(np.ones(SHAPE, np.uint8), Volume.from_array(VOXELS), tmp_path / "a.mhd")
    assert "full disk" not in str(told.value)
    assert not list(tmp_path.iterdir())
