"""No export destroys an image, by whatever name it is reached, and what was written is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_series import save_series
from disc_engine import DiscEngine, square

from napari_samunet.errors import ExportRefused
from napari_samunet.io.export import export_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.originals import voxel_files
from napari_samunet.io.resample import resampled
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session

SHAPE = (4, 20, 24)
KINDS = ("dicom-seg", "rtstruct")


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return save_series(tmp_path / "ct", SHAPE)


def some_labels(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[-1, 2:6, 3:8] = 1
    return labels


def all_files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refuse(volume: Volume, target: Path, folder: Path, kind: str | None = None) -> str:
    """What an export says that must leave every file of a folder as it is."""
    before = all_files(folder)
    with pytest.raises(ExportRefused) as caught:
        export_labels(some_labels(volume.shape), volume, target, kind)
    assert all_files(folder) == before
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ct/001.dcm", "symbolic.dcm", "hard.dcm"])
def test_a_slice_of_the_patient_is_never_written_over(
    tmp_path: Path, series: Path, name: str, kind: str
) -> None:
    (tmp_path / "symbolic.dcm").symlink_to(series / "001.dcm")
    (tmp_path / "hard.dcm").hardlink_to(series / "001.dcm")
    said = refuse(open_volume(series), tmp_path / name, tmp_path, kind)
    assert "is the image itself, or a part of it" in said


@pytest.mark.parametrize("opened", ["one slice of it", "another series", "a copy of it"])
def test_nor_a_slice_that_was_not_opened(tmp_path: Path, series: Path, opened: str) -> None:
    other = shutil.copytree(series, tmp_path / "copy")
    if opened == "another series":
        other = save_series(tmp_path / "mr", SHAPE)
    source = series / "000.dcm" if opened == "one slice of it" else other
    said = refuse(open_volume(source), series / "001.dcm", tmp_path, "dicom-seg")
    assert "is a DICOM image" in said


@pytest.mark.parametrize("kind", KINDS)
def test_an_earlier_export_is_written_over(series: Path, kind: str) -> None:
    volume = open_volume(series)
    target = export_labels(some_labels(), volume, series / "labels.dcm", kind)
    before = target.read_bytes()
    assert export_labels(some_labels(), volume, target, kind).read_bytes() != before
    assert open_volume(series).shape == SHAPE


def test_voxels_beside_a_header_are_never_written_over(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    sitk.WriteImage(image, str(tmp_path / "ct.mhd"), useCompression=True)
    (tmp_path / "ct.mhd").rename(tmp_path / "header.mhd")
    volume = open_volume(tmp_path / "header.mhd")
    assert "ct.zraw is the image itself" in refuse(volume, tmp_path / "ct.mhd", tmp_path)


@pytest.mark.parametrize(
    ("header", "files"),
    [
        ("ObjectType = Image\nElementDataFile = ct 1.raw\n", ["ct 1.raw"]),
        ("NDims = 3\nElementDataFile = LIST 2\na.raw\nb.raw\n", ["a.raw", "b.raw"]),
        ("NDims = 3\nElementDataFile = s%03d.raw 1 2 1\n", ["s001.raw", "s002.raw"]),
        ("NDims = 3\nElementDataFile = LOCAL\n\0\1", []),
        ("NRRD0004\r\ndata file: ct.raw.gz\r\n", ["ct.raw.gz"]),
        ("NRRD0004\ndatafile: LIST\na.raw\nb.raw\n", ["a.raw", "b.raw"]),
        ("NRRD0004\ndatafile: s%03d.raw 1 2 1\n", ["s001.raw", "s002.raw"]),
        ("NRRD0004\nsizes: 1 2 3\n\n\0\1", []),
    ],
)
def test_a_header_tells_which_files_hold_its_voxels(
    tmp_path: Path, header: str, files: list[str]
) -> None:
    for name in ("s001.raw", "s002.raw", "other.raw"):
        (tmp_path / name).touch()
    (tmp_path / "header").write_bytes(header.encode())
    assert voxel_files(tmp_path / "header") == tuple(tmp_path / name for name in files)


def test_both_halves_of_a_pair_are_the_image(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(np.zeros((6, 5, 4), np.int16), np.eye(4)), tmp_path / "ct.img")
    (tmp_path / "link.nii").hardlink_to(tmp_path / "ct.img")
    said = refuse(open_volume(tmp_path / "ct.hdr"), tmp_path / "link.nii", tmp_path)
    assert "is the image itself" in said


def test_a_resampled_copy_spares_both_images_it_came_from(tmp_path: Path) -> None:
    images = [tmp_path / name for name in ("fine.nii", "coarse.nii")]
    for path, step in zip(images, (1, 2), strict=True):
        nib.save(nib.Nifti1Image(np.ones((6, 5, 4), np.int16), np.eye(4) * step), path)
    copy = resampled(*map(open_volume, images))
    for path in images:
        assert "is the image itself" in refuse(copy, path, tmp_path)


def test_an_image_that_was_moved_away_leaves_its_name_free(tmp_path: Path, series: Path) -> None:
    volume = open_volume(series)
    shutil.rmtree(series)
    series.mkdir()
    assert export_labels(some_labels(), volume, series / "001.dcm", "dicom-seg").is_file()


def test_labels_without_their_sidecar_are_told_to_be_written(tmp_path: Path) -> None:
    session = Session(Volume.from_array(np.zeros(SHAPE)), DiscEngine())
    session.new_object("liver")
    session.paint(square(SHAPE[1:], 5, 5, 9), index=1)
    session.accept()
    (tmp_path / "a.nii.gz.json").mkdir()
    with pytest.raises(ExportRefused) as caught:
        session.export(tmp_path / "a.nii.gz")
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'a.nii.gz'} was written; only a.nii.gz.json beside it")
    assert open_volume(tmp_path / "a.nii.gz").array.any()
