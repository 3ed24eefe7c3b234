"""No slice of a DICOM series vanishes in silence, whatever keeps it from being read."""

from __future__ import annotations

import os
import shutil
import zlib
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from dicom_series import save_series
from pydicom.fileset import FileSet
from pydicom.uid import DeflatedExplicitVRLittleEndian

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.dicom_inflate import _inflated_size
from napari_samunet.io.open import open_volume


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return save_series(tmp_path / "ct")


def without_endings(folder: Path) -> None:
    for file in folder.iterdir():
        file.rename(folder / f"IM{file.stem}")


@pytest.mark.parametrize("ending", [True, False], ids=["003.dcm", "IM003"])
@pytest.mark.parametrize("left", [0, 100, 600, None], ids=["empty", "start", "header", "zeros"])
def test_a_series_with_a_spoilt_slice_is_refused_until_it_is_moved_away(
    series: Path, left: int | None, ending: bool
) -> None:
    last = series / "003.dcm"
    whole = last.read_bytes()
    last.write_bytes(bytes(len(whole)) if left is None else whole[:left])
    if not ending:
        without_endings(series)
        last = series / "IM003"
    with pytest.raises(UnreadableFile, match=rf"1 file \({last.name}\).*move them away") as told:
        open_volume(series)
    assert "\n" not in str(told.value)
    last.unlink()
    assert open_volume(series).shape == (3, 20, 24)


def test_a_slice_that_is_not_there_any_more_is_missed(series: Path) -> None:
    (series / "003.dcm").unlink()
    (series / "003.dcm").symlink_to(series / "elsewhere")
    with pytest.raises(UnreadableFile, match=r"003\.dcm"):
        open_volume(series)


def test_what_is_named_otherwise_is_told_where_it_cannot_be_read(series: Path) -> None:
    (series / "LICENSE").write_text("no image")
    assert open_volume(series).source.notes == ()
    (series / "report").touch()
    volume = open_volume(series)
    assert volume.shape == (4, 20, 24)
    assert volume.source.notes == ("cannot be read: 1 file (report)",)


def test_a_spoilt_slice_of_another_series_is_told_and_no_hindrance(tmp_path: Path) -> None:
    save_series(tmp_path / "a")
    other = save_series(tmp_path / "b")
    uid = str(pydicom.dcmread(other / "000.dcm").SeriesInstanceUID)
    (tmp_path / "a" / "002.dcm").write_bytes(b"")
    volume = open_volume(tmp_path, series=uid)
    assert volume.shape == (4, 20, 24)
    assert volume.source.notes == ("cannot be read: 1 file (002.dcm)",)


def test_in_a_folder_of_several_series_only_those_named_alike_are_kept_from_opening(
    tmp_path: Path,
) -> None:
    uids = {}
    for name in "AB":
        folder = save_series(tmp_path / name)
        uids[name] = str(pydicom.dcmread(folder / "000.dcm").SeriesInstanceUID)
        for file in folder.iterdir():
            file.rename(tmp_path / f"{name}{file.name}")
        folder.rmdir()
    (tmp_path / "B003.dcm").write_bytes(b"")
    (tmp_path / "SR000001.dcm").write_bytes(b"")
    volume = open_volume(tmp_path, series=uids["A"])
    assert volume.shape == (4, 20, 24)
    assert "cannot be read: 2 files" in volume.source.notes[0]
    with pytest.raises(UnreadableFile, match=r"1 file \(B003\.dcm\)"):
        open_volume(tmp_path, series=uids["B"])


def test_notes_between_slices_that_are_mere_numbers_are_no_slices(series: Path) -> None:
    for file in series.iterdir():
        file.rename(series / file.stem)
    (series / "1234").write_text("Seen by the second reader.")
    assert open_volume(series).shape == (4, 20, 24)


def test_a_folder_that_may_not_be_entered_is_told(
    series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (series / "locked").mkdir()
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert open_volume(series).source.notes == ("cannot be read: 1 file (locked)",)


@pytest.fixture
def medium(series: Path, tmp_path: Path) -> Path:
    """A medium with a DICOMDIR."""
    files = FileSet()
    for file in sorted(series.iterdir()):
        files.add(file)
    files.write(tmp_path / "cd")
    return tmp_path / "cd"


def test_a_medium_whose_names_were_copied_in_small_letters_opens(medium: Path) -> None:
    whole = open_volume(medium / "DICOMDIR")
    for root, folders, files in os.walk(medium, topdown=False):
        for name in folders + files:
            Path(root, name).rename(Path(root, name.lower()))
    small = open_volume(medium / "dicomdir")
    assert small.shape == whole.shape == (4, 20, 24)
    assert (small.array == whole.array).all()


def test_a_listed_slice_that_is_missing_is_told_and_the_folder_opens_without_it(
    medium: Path,
) -> None:
    last = max(file for file in medium.rglob("IM*") if file.is_file())
    shutil.move(last, medium.parent / "away")
    with pytest.raises(UnreadableFile, match=rf"{last.name}\).*open its folder"):
        open_volume(medium / "DICOMDIR")
    assert open_volume(last.parent).shape == (3, 20, 24)


def test_a_small_file_that_unpacks_to_more_than_memory_holds_is_refused_before_it_does(
    series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in series.iterdir():
        image = pydicom.dcmread(file)
        image.add_new(0xFFFCFFFC, "OB", bytes(5_000_000))  # padding, which packs to nothing
        image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        image.save_as(file)
        assert file.stat().st_size < 20_000
    assert open_volume(series).shape == (4, 20, 24)
    monkeypatch.setattr("napari_samunet.io.dicom_inflate._MOST", 4_000_000)
    monkeypatch.setattr("pydicom.filereader.zlib.decompress", None)
    with pytest.raises(UnreadableFile, match="unpacks to more than"):
        open_volume(series / "000.dcm")
    with pytest.raises(UnreadableFile, match="cannot be read: 4 files"):
        open_volume(series)


def test_of_a_deflated_file_nothing_behind_the_packed_part_is_read() -> None:
    """Each block of it would be copied again and again, for minutes."""
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    file = BytesIO(pack.compress(bytes(3000)) + pack.flush() + bytes(20_000_000))
    assert _inflated_size(file) == 3000
    assert file.tell() < 2_000_000
