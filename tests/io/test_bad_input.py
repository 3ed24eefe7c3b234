"""Whatever is handed in that is no image gives one clear line, and neither traceback nor hang."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import (
    ChoiceNeeded,
    GridMismatch,
    InputError,
    SamUNetError,
    UnreadableFile,
    UnsupportedImage,
)
from napari_samunet.io.labels import read_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume

SUFFIXES = (".nii", ".nii.gz", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".gipl", ".dcm", ".png")
READERS = ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.gipl", "a.dcm", "a.png", "a.jpg", "a.tif")


def voxels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (6, 40, 50)).astype(np.int16)


def write_image(path: Path, shared_data: Path | None = None) -> Path:
    """A whole image whose format follows from the name."""
    if path.suffix == ".dcm":
        shutil.copyfile(shared_data / "pydicom-data/MR-SIEMENS-DICOM-WithOverlays.dcm", path)
    elif path.suffix in (".png", ".jpg", ".tif"):
        sitk.WriteImage(sitk.GetImageFromArray(voxels()[0].astype(np.uint8)), str(path))
    else:
        sitk.WriteImage(sitk.GetImageFromArray(voxels()), str(path))
    return path


def one_line(error: pytest.ExceptionInfo[SamUNetError], *words: str) -> None:
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as error:
        open_volume(tmp_path / "ct.nii.gz")
    one_line(error, "ct.nii.gz does not exist")


def test_a_name_that_was_left_empty_opens_no_folder_by_itself() -> None:
    with pytest.raises(InputError) as error:
        open_volume("")
    one_line(error, "none was named")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_called_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scan{suffix}"
    path.touch()
    with pytest.raises(UnreadableFile) as error:
        open_volume(path)
    one_line(error, path.name, "empty")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"not an image\n" * 90, bytes(2000), b"\x1f\x8b\x08\x00" * 9])
def test_a_file_of_something_else_is_refused_by_name(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        open_volume(path)
    one_line(error, path.name)


@pytest.mark.shared
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
@pytest.mark.parametrize("name", READERS)
def test_a_truncated_file_is_never_opened_with_made_up_voxels(
    tmp_path: Path, shared_data: Path, name: str, share: float
) -> None:
    path = write_image(tmp_path / name, shared_data)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError) as error:
        open_volume(path)
    one_line(error, name)


@pytest.mark.shared
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_gives_a_volume_or_one_line(
    tmp_path: Path, shared_data: Path, name: str
) -> None:
    path = write_image(tmp_path / name, shared_data)
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 600), 4):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        assert "\n" not in answer(path)


def answer(path: Path) -> str:
    """What a person is told of a file: its shape, or why it cannot be opened."""
    try:
        return str(open_volume(path).shape)
    except SamUNetError as error:
        return str(error)


def test_an_empty_folder_and_one_without_images_are_refused(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(UnreadableFile) as error:
            open_volume(tmp_path)
        one_line(error, str(tmp_path), "holds no DICOM images")
        (tmp_path / "notes.txt").write_text("nothing here")
        (tmp_path / "half.dcm").write_bytes(b"\0" * 128 + b"DICM")


def test_five_axes_are_refused_unless_the_last_are_single(tmp_path: Path) -> None:
    path = tmp_path / "five.nii"
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 1, 3), np.int16), np.eye(4)), path)
    with pytest.raises(UnsupportedImage) as error:
        open_volume(path)
    one_line(error, "5 axes", "wanted")
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 1, 1), np.int16), np.eye(4)), path)
    assert open_volume(path).shape == (6, 5, 4)


@pytest.mark.parametrize("name", ["four.nii.gz", "four.nrrd", "four.mha"])
def test_time_points_are_listed_and_one_can_be_chosen(tmp_path: Path, name: str) -> None:
    path, points = tmp_path / name, [voxels() + n for n in range(3)]
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(p) for p in points]), str(path))
    with pytest.raises(ChoiceNeeded) as error:
        open_volume(path)
    one_line(error, "3", "frame=")
    assert len(error.value.choices) == 3
    assert np.array_equal(open_volume(path, frame=2).array, points[2])
    for frame in (3, -1):
        with pytest.raises(InputError) as error:
            open_volume(path, frame=frame)
        one_line(error, f"no frame {frame}")


def test_a_header_that_promises_terabytes_asks_for_no_memory(tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((30000, 30000, 30000))
    header["magic"], header["vox_offset"] = b"n+1\0", 352
    for name, pack in (("huge.nii", bytes), ("huge.nii.gz", gzip.compress)):
        path = tmp_path / name
        path.write_bytes(pack(header.binaryblock + bytes(5000)))
        with pytest.raises(UnreadableFile) as error:
            open_volume(path)
        one_line(error, "truncated")


def test_half_of_a_pair_names_the_missing_half(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(voxels(), np.eye(4)), tmp_path / "scan.img")
    (tmp_path / "scan.img").unlink()
    with pytest.raises(UnreadableFile) as error:
        open_volume(tmp_path / "scan.hdr")
    one_line(error, "scan.img is missing")


def test_a_metaimage_without_its_voxels_names_the_missing_file(tmp_path: Path) -> None:
    path = write_image(tmp_path / "scan.mhd")
    (tmp_path / "scan.raw").unlink()
    with pytest.raises(UnreadableFile) as error:
        open_volume(path)
    one_line(error, "scan.raw")


def test_complex_and_empty_voxels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "complex.nii"
    nib.save(nib.Nifti1Image(np.ones((4, 5, 6), np.complex64), np.eye(4)), path)
    with pytest.raises(UnsupportedImage) as error:
        open_volume(path)
    one_line(error, "complex.nii", "real numbers")
    nib.save(nib.Nifti1Image(np.full((4, 5, 6), np.nan, np.float32), np.eye(4)), path)
    with pytest.raises(UnsupportedImage) as error:
        open_volume(path)
    one_line(error, "finite")


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / "a.nii")

    def refuse(*_: object, **__: object) -> None:  # root may read everything, so a mode is no test
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFile) as error:
        open_volume(path)
    one_line(error, "cannot be read", "Permission denied")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_device_or_pipe_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.nii"
    os.mkfifo(pipe)
    with pytest.raises(UnreadableFile):
        open_volume(pipe)


def test_a_series_cannot_be_chosen_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        open_volume(write_image(tmp_path / "a.nii"), series=2)
    one_line(error, "series")


@pytest.mark.shared
def test_several_series_are_listed_and_each_can_be_chosen(shared_data: Path) -> None:
    folder = shared_data / "dcm_qa_uih"
    with pytest.raises(ChoiceNeeded) as error:
        open_volume(folder)
    one_line(error, "2 series", "series=")
    assert len(error.value.choices) == 2
    by_number = open_volume(folder, series=2)
    by_name = open_volume(folder, series="t1_gre_fsp_3d_sag")
    assert np.array_equal(by_number.array, by_name.array)
    with pytest.raises(InputError) as error:
        open_volume(folder, series="no such series")
    one_line(error, "no such series")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("nibabel/nibabel/nicom/tests/data/0.dcm", "mosaic"),
        ("pydicom/dicomdirtests/77654033/CT2", "missing"),
        ("pydicom/rtstruct.dcm", "Structure Set"),
        ("pydicom-data/liver.dcm", "Segmentation"),
    ],
)
def test_dicom_that_makes_no_even_stack_says_why(shared_data: Path, name: str, word: str) -> None:
    with pytest.raises(UnsupportedImage) as error:
        open_volume(shared_data / name)
    one_line(error, word)


def test_labels_of_another_grid_are_refused(tmp_path: Path) -> None:
    path = write_image(tmp_path / "labels.nii.gz")
    here = open_volume(path)
    assert read_labels(path, here).dtype == np.uint16
    moved = here.affine.copy()
    moved[0, 3] += 2
    for other in (Volume.from_array(voxels()[:5]), Volume(here.array, moved)):
        with pytest.raises(GridMismatch):
            read_labels(path, other)


def test_an_image_is_not_taken_for_labels(tmp_path: Path) -> None:
    path = tmp_path / "image.nii"
    nib.save(nib.Nifti1Image(np.full((4, 5, 6), 0.5, np.float32), np.eye(4)), path)
    with pytest.raises(InputError) as error:
        read_labels(path, open_volume(path))
    one_line(error, "whole numbers")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.zeros((2, 3, 4, 5)),
        np.zeros((0, 4, 4)),
        np.zeros((4, 4), complex),
        np.full((4, 4), np.nan),
        np.full((4, 4), "text"),
        np.full((4, 4), None),
    ],
)
def test_an_array_that_is_no_volume_is_refused(array: np.ndarray) -> None:
    with pytest.raises(UnsupportedImage):
        Volume.from_array(array)


@pytest.mark.parametrize(
    ("kind", "became"), [(np.int16, np.float32), (np.int32, np.float64), (np.float32, np.float32)]
)
def test_what_an_array_masks_is_no_voxel(kind: type, became: type) -> None:
    """Such as the -9999 of what a scanner did not see."""
    grey = voxels().astype(kind)
    hidden = np.zeros(grey.shape, bool)
    hidden[:, :10] = True
    volume = Volume.from_array(np.ma.masked_array(np.where(hidden, kind(-9999), grey), hidden))
    assert volume.array.dtype == became
    assert np.isnan(volume.array[hidden]).all()
    np.testing.assert_array_equal(volume.array[~hidden], grey[~hidden])
    assert volume.finite_range == (grey[~hidden].min(), grey[~hidden].max())
    assert Volume.from_array(np.ma.masked_array(grey)).array.dtype == kind  # nothing is masked
