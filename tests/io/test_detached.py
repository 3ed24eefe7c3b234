"""A data file that holds more than its header promises is not read shifted in silence."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.open import open_volume

VOXELS = np.arange(120, dtype="<i2").reshape(4, 5, 6)
NRRD = "NRRD0004\ntype: short\ndimension: 3\nsizes: 6 5 4\nendian: little\nspacings: 1 1 1\n"
META = "ObjectType = Image\nNDims = 3\nDimSize = 6 5 4\nElementSpacing = 1 1 1\n"
HEADERS = {
    "raw.nhdr": f"{NRRD}encoding: raw\n%s\ndata file: voxels\n",
    "gzip.nhdr": f"{NRRD}encoding: gzip\n%s\ndata file: voxels\n",
    "raw.mhd": f"{META}ElementType = MET_SHORT\n%s\nElementDataFile = voxels\n",
}
LAST = {"raw.nhdr": "byte skip: -1", "gzip.nhdr": "byte skip: -1", "raw.mhd": "HeaderSize = -1"}
names = pytest.mark.parametrize("name", HEADERS)


def save(folder: Path, name: str, data: bytes, line: str = "") -> Path:
    """A header with one more line, and the data file that it names."""
    path = folder / name
    path.write_text((HEADERS[name] % line).replace("\n\n", "\n"))
    (folder / "voxels").write_bytes(gzip.compress(data) if "gzip" in name else data)
    return path


def as_nifti() -> bytes:
    return bytes(nib.Nifti1Image(VOXELS.T, np.eye(4)).to_bytes())


@names
def test_voxels_behind_a_header_of_their_own_are_refused_until_they_are_pointed_to(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(UnreadableFile, match=r"has 592 bytes.* promises 240") as told:
        open_volume(save(tmp_path, name, as_nifti()))
    assert LAST[name] in str(told.value)
    volume = open_volume(save(tmp_path, name, as_nifti(), LAST[name]))
    assert np.array_equal(volume.array, VOXELS)
    assert volume.source.notes == ()


@names
@pytest.mark.parametrize("rest", [b"\n", bytes(512)], ids=["a line's end", "a block"])
def test_what_may_be_mere_padding_is_told_and_no_hindrance(
    tmp_path: Path, name: str, rest: bytes
) -> None:
    volume = open_volume(save(tmp_path, name, VOXELS.tobytes() + rest))
    assert np.array_equal(volume.array, VOXELS)
    (note,) = volume.source.notes
    assert f"has {240 + len(rest)} bytes, and its header promises 240" in note
    assert LAST[name] in note


@names
def test_of_a_data_file_as_long_as_promised_nothing_is_said(tmp_path: Path, name: str) -> None:
    volume = open_volume(save(tmp_path, name, VOXELS.tobytes()))
    assert np.array_equal(volume.array, VOXELS)
    assert volume.source.notes == ()


@pytest.mark.parametrize(
    ("name", "line", "before"),
    [
        ("raw.nhdr", "byte skip: 7", b"\x1f" * 7),
        ("raw.nhdr", "byteskip: 7", b"\x1f" * 7),
        ("raw.nhdr", "line skip: 1", b"one line\n"),
        ("gzip.nhdr", "byte skip: 7", b"\x1f" * 7),
        ("raw.mhd", "HeaderSize = 7", b"\x1f" * 7),
    ],
)
def test_nor_where_the_header_tells_what_to_skip(
    tmp_path: Path, name: str, line: str, before: bytes
) -> None:
    volume = open_volume(save(tmp_path, name, before + VOXELS.tobytes(), line))
    assert np.array_equal(volume.array, VOXELS)
    assert volume.source.notes == ()


def test_nor_of_voxels_of_several_numbers(tmp_path: Path) -> None:
    path = save(tmp_path, "raw.mhd", VOXELS.tobytes() * 3, "ElementNumberOfChannels = 3")
    assert open_volume(path, frame=2).source.notes == ()


def test_nor_of_slices_in_files_of_their_own(tmp_path: Path) -> None:
    for number, plane in enumerate(VOXELS):
        (tmp_path / f"{number}.raw").write_bytes(plane.tobytes())
    for path, named in (
        (tmp_path / "a.nhdr", f"{NRRD}encoding: raw\ndata file: %d.raw 0 3 1\n"),
        (tmp_path / "a.mhd", f"{META}ElementType = MET_SHORT\nElementDataFile = %d.raw 0 3 1\n"),
    ):
        path.write_text(named)
        volume = open_volume(path)
        assert np.array_equal(volume.array, VOXELS)
        assert volume.source.notes == ()


@pytest.mark.shared
def test_a_nrrd_that_points_to_a_packed_nifti_opens_only_behind_its_header(
    shared_data: Path,
) -> None:
    ball = open_volume(shared_data / "pynrrd/BallBinary30x30x30.nrrd").array
    name = "pynrrd/BallBinary30x30x30_byteskip_minus_one_nifti.nhdr"
    assert np.array_equal(open_volume(shared_data / name).array, ball)
    with pytest.raises(UnreadableFile, match=r"nii\.gz has 54352 bytes.* promises 54000"):
        open_volume(shared_data / "pynrrd/BallBinary30x30x30_nifti.nhdr")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process sees what it has open")
@pytest.mark.parametrize("name", ["raw.nhdr", "raw.mhd"])
@pytest.mark.parametrize("cut", [1, 200])
def test_a_data_file_that_is_cut_off_is_told_and_left_alone(
    tmp_path: Path, name: str, cut: int
) -> None:
    """To copy it again is what is advised, and on Windows nothing replaces an open file."""
    path = save(tmp_path, name, VOXELS.tobytes())
    voxels = tmp_path / "voxels"
    voxels.write_bytes(voxels.read_bytes()[:-cut])
    with pytest.raises(UnreadableFile, match=r"promises 240 bytes of voxels.* voxels has"):
        open_volume(path)
    is_open = [
        file for file in Path("/proc/self/fd").iterdir() if os.path.realpath(file) == str(voxels)
    ]
    assert not is_open


def test_a_number_that_no_header_could_mean_is_passed_over(tmp_path: Path) -> None:
    path = save(tmp_path, "raw.mhd", VOXELS.tobytes(), "HeaderSize = " + "0" * 5000)
    assert np.array_equal(open_volume(path).array, VOXELS)


def test_a_gzipped_file_of_the_promised_length_is_not_unpacked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("napari_samunet.io.detached.unpacked")
    assert open_volume(save(tmp_path, "gzip.nhdr", VOXELS.tobytes())).source.notes == ()
