"""DICOM opens as one even stack in the file's units, or says why not."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_series import save_series
from dicom_slice import COLUMNS, ROWS, expected, save_slice
from pydicom.uid import JPEGLosslessSV1, RLELossless, RTPlanStorage

from napari_samunet.errors import (
    ChoiceNeeded,
    InputError,
    UnreadableFile,
    UnsupportedImage,
)
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import UNSIZED

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def test_slices_are_sorted_by_place_and_come_in_hounsfield_units(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        save_slice(tmp_path, number)
    volume = open_volume(tmp_path)
    assert np.array_equal(volume.array, np.stack([expected(n) for n in range(3)]))
    assert volume.array.dtype == np.int16
    assert (volume.modality, volume.window) == ("CT", (-160, 240))
    assert [int(h.InstanceNumber) for h in volume.source.header] == [0, 1, 2]


def test_the_affine_says_where_rows_columns_and_slices_go(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number)
    affine = open_volume(tmp_path).affine
    np.testing.assert_allclose(affine @ (0, 0, 0, 1), (-10, -20, 30, 1))
    np.testing.assert_allclose(affine @ (2, 0, 0, 1), (-10, -20, 36, 1))
    np.testing.assert_allclose(affine @ (0, 1, 0, 1), (-10, -20.5, 30, 1))
    np.testing.assert_allclose(affine @ (0, 0, 1, 1), (-10.8, -20, 30, 1))


def test_every_slice_has_its_own_rescale(tmp_path: Path) -> None:
    for number in range(2):
        save_slice(tmp_path, number, RescaleSlope=0.5 + number, RescaleIntercept=number)
    array = open_volume(tmp_path).array
    assert array.dtype == np.float32
    np.testing.assert_allclose(array[0], (expected(0) + 1024) * 0.5)
    np.testing.assert_allclose(array[1], (expected(1) + 1024) * 1.5 + 1)


@pytest.mark.parametrize(
    ("greatest", "bits"), [(32768, 16), (32769, 32), (2**31, 32), (2**31 + 1, 64)]
)
def test_whole_numbers_take_no_more_memory_than_they_need(
    tmp_path: Path, greatest: int, bits: int
) -> None:
    values = np.full((ROWS, COLUMNS), greatest, np.uint32)
    stored = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}
    path = save_slice(tmp_path, 0, **stored, RescaleIntercept=-1, PixelData=values.tobytes())
    assert open_volume(path).array.dtype == np.dtype(f"int{bits}")


def test_the_greatest_values_of_32_bits_are_kept_behind_an_intercept(tmp_path: Path) -> None:
    values = np.full((ROWS, COLUMNS), 2**32 - 1, np.uint32)
    values[0, 0] = 0
    bits = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}
    path = save_slice(tmp_path, 0, **bits, RescaleIntercept=-1, PixelData=values.tobytes())
    assert np.array_equal(open_volume(path).array[0], values.astype(np.int64) - 1)


def test_whole_numbers_join_fractions_where_only_a_later_slice_has_some(tmp_path: Path) -> None:
    for number in range(2):
        save_slice(tmp_path, number, RescaleSlope=1 - number / 2, RescaleIntercept=0)
    array = open_volume(tmp_path).array
    np.testing.assert_allclose(array[0], expected(0) + 1024)
    np.testing.assert_allclose(array[1], (expected(1) + 1024) / 2)


def test_a_large_series_takes_memory_for_its_voxels_once(tmp_path: Path) -> None:
    folder = save_series(tmp_path, (60, 256, 256))
    open_volume(folder)
    tracemalloc.start()
    volume = open_volume(folder)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.5 * volume.array.nbytes


def test_all_display_windows_of_a_file_are_known_by_name(tmp_path: Path) -> None:
    two = {"WindowCenter": [40, -600], "WindowWidth": [400, 1500]}
    save_slice(tmp_path, 1, **two, WindowCenterWidthExplanation=["SOFT", "LUNG"])
    volume = open_volume(tmp_path)
    assert volume.window == (-160, 240)
    assert volume.windows == (("SOFT", (-160, 240)), ("LUNG", (-1350, 150)))


def test_windows_without_a_name_or_a_width_do_no_harm(tmp_path: Path) -> None:
    save_slice(tmp_path, 1, WindowCenter=[40, -600, 3], WindowWidth=[0, 1500])
    assert open_volume(tmp_path).windows == (("", (-1350, 150)),)
    save_slice(tmp_path / "none", 1, WindowCenter=None)
    assert open_volume(tmp_path / "none").windows == ()


def lookup_table(first: int, outputs: np.ndarray) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS", [len(outputs), first, 12])
    item.add_new("LUTData", "US", [int(value) for value in outputs])
    item.LUTExplanation = "CHEST"
    return item


def test_a_table_in_place_of_a_window_is_followed_where_it_rises(tmp_path: Path) -> None:
    flat = np.zeros(200), np.full(300, 4000)
    ramp = np.concatenate([flat[0], np.linspace(0, 4000, 501), flat[1]])
    save_slice(tmp_path, 1, WindowCenter=None, VOILUTSequence=[lookup_table(-100, ramp)])
    ((name, window),) = open_volume(tmp_path).windows
    assert name == "CHEST"
    np.testing.assert_allclose(window, (100, 600), atol=1)
    sigmoid = 4095 / (1 + np.exp(-(np.arange(2000) - 1200) / 100))
    table = lookup_table(0, sigmoid)
    save_slice(tmp_path / "sigmoid", 1, WindowCenter=None, VOILUTSequence=[table])
    low, high = open_volume(tmp_path / "sigmoid").window
    assert low + high == pytest.approx(2400, abs=4)
    assert 500 < high - low < 800
    save_slice(tmp_path / "both", 1, VOILUTSequence=[table])
    assert open_volume(tmp_path / "both").window == (-160, 240)


@pytest.mark.parametrize(
    "table",
    [lookup_table(0, np.arange(100)[::-1]), lookup_table(0, np.zeros(50)), pydicom.Dataset()],
    ids=["falls", "flat", "empty"],
)
def test_a_table_that_cannot_be_followed_does_no_harm(tmp_path: Path, table) -> None:
    save_slice(tmp_path, 1, WindowCenter=None, VOILUTSequence=[table])
    assert open_volume(tmp_path).windows == ()


def test_a_single_file_is_one_slice_as_thick_as_it_says(tmp_path: Path) -> None:
    volume = open_volume(save_slice(tmp_path, 1, SliceThickness=5))
    assert np.array_equal(volume.array, expected(1)[None])
    np.testing.assert_allclose(volume.spacing, (5, 0.5, 0.8))


def two_series(folder: Path) -> None:
    for number in range(3):
        save_slice(folder / "a", number)
        other = {"SeriesInstanceUID": "1.2.4", "SeriesNumber": 8, "SeriesDescription": "Late"}
        save_slice(folder / "b", number, RescaleIntercept=0, **other)


def test_several_series_are_listed_and_chosen_by_number_uid_or_description(tmp_path: Path) -> None:
    two_series(tmp_path)
    with pytest.raises(ChoiceNeeded, match="holds 2 series") as caught:
        open_volume(tmp_path)
    assert [c.split(":")[0] for c in caught.value.choices] == ["series 7", "series 8"]
    for choice in (8, "8", "1.2.4", "late"):
        assert open_volume(tmp_path, series=choice).array.min() == 0
    with pytest.raises(InputError, match="no series 9; it holds series 7"):
        open_volume(tmp_path, series=9)


def test_series_that_share_a_number_have_to_be_told_apart_by_uid(tmp_path: Path) -> None:
    save_slice(tmp_path, 0)
    save_slice(tmp_path, 0, SeriesInstanceUID="1.2.4")
    with pytest.raises(ChoiceNeeded, match="2 series that fit 7"):
        open_volume(tmp_path, series=7)


def test_two_images_of_every_place_have_to_be_chosen(tmp_path: Path) -> None:
    for number in range(6):
        place = [10, 20, 3 * (number % 3)]
        save_slice(tmp_path, number, ImagePositionPatient=place, AcquisitionNumber=number // 3)
    with pytest.raises(ChoiceNeeded, match="AcquisitionNumber 0") as caught:
        open_volume(tmp_path)
    assert len(caught.value.choices) == 2
    late = open_volume(tmp_path, frame=1)
    assert np.array_equal(late.array, np.stack([expected(n) for n in (3, 4, 5)]))
    with pytest.raises(InputError, match="no frame 2"):
        open_volume(tmp_path, frame=2)


def test_a_second_copy_of_a_slice_is_left_out_and_told(tmp_path: Path) -> None:
    for number in (0, 1, 1):
        save_slice(tmp_path, number)
    volume = open_volume(tmp_path)
    assert volume.shape == (2, ROWS, COLUMNS)
    assert "1 second copies" in volume.source.notes[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"ContentTime": "101112"},
        {"InstanceNumber": 77},
        {"ImagePositionPatient": [10.123, 20.457, 33]},
    ],
    ids=["another time", "another number", "rounded place"],
)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "RLE"])
def test_a_copy_is_left_out_whatever_was_written_into_it(
    tmp_path: Path, odd: dict[str, object], compressed: bool
) -> None:
    """Archives stamp, number and round what they hand out a second time."""

    def stated(number: int) -> dict[str, object]:
        return {"ContentTime": "09", "ImagePositionPatient": [10.12345, 20.4567, 30 + 3 * number]}

    for number in range(3):
        save_slice(tmp_path / "first", number, **stated(number))
    twin = save_slice(tmp_path / "second", 1, **stated(1) | odd)
    if compressed:
        dataset = pydicom.dcmread(twin)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(twin)
    volume = open_volume(tmp_path)
    assert np.array_equal(volume.array, np.stack([expected(n) for n in range(3)]))
    assert volume.source.notes == ("1 second copies of the same image were left out",)


def test_images_of_one_place_and_one_uid_that_differ_are_all_there(tmp_path: Path) -> None:
    odd = {"SOPInstanceUID": "1.2.9", "ImagePositionPatient": [10, 20, 30], "InstanceNumber": 1}
    for number in (0, 1, 2, 2):
        save_slice(tmp_path, number, **odd)
    with pytest.raises(ChoiceNeeded, match="3 images side by side"):
        open_volume(tmp_path)
    assert np.array_equal(open_volume(tmp_path, frame=2).array[0], expected(2))


def test_slices_that_an_anonymiser_gave_one_uid_are_all_there(tmp_path: Path) -> None:
    for number in (0, 1, 2, 2):
        save_slice(tmp_path, number, SOPInstanceUID="1.2.9")
    volume = open_volume(tmp_path)
    assert np.array_equal(volume.array, np.stack([expected(n) for n in range(3)]))
    copies, shared = volume.source.notes
    assert "1 second copies" in copies
    assert "3 images share their UID" in shared


def test_time_points_that_an_anonymiser_gave_one_uid_are_told_apart(tmp_path: Path) -> None:
    for number in range(6):
        place = [10, 20, 3 * (number % 3)]
        odd = {"ImagePositionPatient": place, "InstanceNumber": number % 3}
        save_slice(tmp_path, number, AcquisitionNumber=number // 3, SOPInstanceUID="1.2.9", **odd)
    with pytest.raises(ChoiceNeeded, match="AcquisitionNumber 0") as caught:
        open_volume(tmp_path)
    assert len(caught.value.choices) == 2


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "RLE"])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("high", [11, 13, 15])
def test_values_are_found_in_the_upper_bits_where_old_scanners_put_them(
    tmp_path: Path, high: int, signed: int, compressed: bool
) -> None:
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) * 170
    values = values - 2048 * signed
    around = 0b1010_1010_1010_1010 & ~(0xFFF << (high - 11))  # overlays and what else is there
    bits = ((values & 0xFFF) << (high - 11) | around).astype(np.uint16)
    stored = {"BitsStored": 12, "HighBit": high, "PixelRepresentation": signed}
    path = save_slice(tmp_path, 0, **stored, RescaleIntercept=0, PixelData=bits.tobytes())
    if compressed:
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless)
        dataset.save_as(path)
    assert np.array_equal(open_volume(path).array[0], values)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "mosaics.*dcm2niix"),
    ],
)
def test_what_is_no_even_stack_is_refused_with_a_reason(
    tmp_path: Path, odd: dict[str, object], message: str
) -> None:
    for number in range(2):
        save_slice(tmp_path, number)
    save_slice(tmp_path, 2, **odd)
    with pytest.raises(UnsupportedImage, match=message):
        open_volume(tmp_path)


@pytest.mark.parametrize(
    ("odd", "choice"),
    [
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "sagittal, 1 slices of 6"),
        ({"PixelSpacing": [0.7, 0.7]}, "axial, 1 slices of 6"),
    ],
)
def test_orientations_and_sizes_that_are_mixed_in_a_series_have_to_be_chosen(
    tmp_path: Path, odd: dict[str, object], choice: str
) -> None:
    for number in range(3):
        save_slice(tmp_path, number)
    save_slice(tmp_path, 3, **odd)
    with pytest.raises(ChoiceNeeded) as caught:
        open_volume(tmp_path)
    assert "axial, 3 slices of 6" in caught.value.choices[0]
    assert choice in caught.value.choices[1]
    assert open_volume(tmp_path, frame=0).shape == (3, ROWS, COLUMNS)
    assert np.array_equal(open_volume(tmp_path, frame=1).array, expected(3)[None])


def test_localizers_in_a_series_and_beside_it_are_set_apart_and_told(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number)
    save_slice(tmp_path, 9, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    other = {"SeriesInstanceUID": "1.2.9", "SeriesNumber": 99, "SOPClassUID": CAPTURE}
    save_slice(tmp_path, 5, **other)
    volume = open_volume(tmp_path)
    assert volume.shape == (3, ROWS, COLUMNS)
    told = " ".join(volume.source.notes)
    assert "1 series of localizers or screenshots were set apart" in told
    assert "1 localizers were left out" in told
    assert np.array_equal(open_volume(tmp_path, series=99).array, expected(5)[None])


def test_an_image_without_a_place_opens_alone_and_says_so(tmp_path: Path) -> None:
    volume = open_volume(save_slice(tmp_path, 0, ImagePositionPatient=None))
    assert volume.shape == (1, ROWS, COLUMNS)
    assert "no position in the patient is stated" in volume.source.notes
    assert not volume.is_placed
    assert open_volume(save_slice(tmp_path / "placed", 0)).is_placed


@pytest.mark.parametrize(
    "tags", [{"PhotometricInterpretation": "MONOCHROME1"}, {"PresentationLUTShape": "INVERSE"}]
)
def test_a_negative_radiograph_keeps_its_values_and_says_so(
    tmp_path: Path, tags: dict[str, str]
) -> None:
    volume = open_volume(save_slice(tmp_path, 0, **tags))
    assert volume.negative
    assert np.array_equal(volume.array[0], expected(0))
    assert "low values are meant to be shown bright (MONOCHROME1)" in volume.source.notes


def test_frames_without_a_place_have_to_be_chosen(tmp_path: Path) -> None:
    pixels = np.arange(3 * ROWS * COLUMNS, dtype=np.uint16)
    path = save_slice(
        tmp_path, 0, ImagePositionPatient=None, NumberOfFrames=3, PixelData=pixels.tobytes()
    )
    with pytest.raises(ChoiceNeeded, match="3 images"):
        open_volume(path)
    found = open_volume(path, frame=2).array
    assert np.array_equal(found[0].ravel(), pixels[-ROWS * COLUMNS :] - 1024.0)


def test_files_that_are_no_images_are_left_out_of_a_folder_and_refused_alone(
    tmp_path: Path,
) -> None:
    save_slice(tmp_path, 0)
    plan = save_slice(tmp_path, 1, Rows=None, Columns=None, SOPClassUID=RTPlanStorage)
    (tmp_path / "notes.txt").write_text("read me")
    assert open_volume(tmp_path).shape == (1, ROWS, COLUMNS)
    with pytest.raises(UnsupportedImage, match="RT Plan Storage, not an image"):
        open_volume(plan)


def test_a_slice_cut_short_is_named(tmp_path: Path) -> None:
    save_slice(tmp_path, 0)
    path = save_slice(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match=r"001\.dcm has damaged or truncated pixels") as caught:
        open_volume(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_compression_without_decoder_is_named(tmp_path: Path) -> None:
    path = save_slice(tmp_path, 0)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    with pytest.raises((UnsupportedImage, UnreadableFile), match=r"000\.dcm") as caught:
        open_volume(path)
    assert "\n" not in str(caught.value)


@pytest.mark.shared
@pytest.mark.parametrize("lost", ["sys.stderr = None", "os.close(2)", "sys.stderr = os.close(2)"])
def test_a_jpeg_of_12_bits_opens_in_a_program_without_a_terminal(
    shared_data: Path, lost: str
) -> None:
    path = shared_data / "pydicom/JPEG-lossy.dcm"
    code = f"""
import os, sys
from napari_samunet.io.open import open_volume
{lost}
print(open_volume(sys.argv[1]).shape)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert answer.stdout.strip() == "(1, 1024, 256)"


@pytest.mark.shared
def test_real_time_points_are_listed_and_chosen(shared_data: Path) -> None:
    folder = shared_data / "dcm_qa_nih/In/20180918GE/mr_0004"
    with pytest.raises(ChoiceNeeded, match="3 images"):
        open_volume(folder)
    assert open_volume(folder, frame=2).shape == (15, 64, 64)


@pytest.mark.shared
def test_a_dicomdir_lists_its_series(shared_data: Path) -> None:
    path = shared_data / "pydicom/dicomdirtests/DICOMDIR"
    with pytest.raises(ChoiceNeeded, match="holds 13 series"):
        open_volume(path)


def test_an_ultrasound_is_as_large_as_its_tissue_regions_say(tmp_path: Path) -> None:
    def region(space: int, units: int, down: float) -> pydicom.Dataset:
        item = pydicom.Dataset()
        item.RegionSpatialFormat = space
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
        item.PhysicalDeltaX, item.PhysicalDeltaY = 0.02, down
        return item

    odd = {"PixelSpacing": None, "ImagePositionPatient": None, "Modality": "US"}
    tissue, flow = region(1, 3, 0.03), region(4, 4, 0.5)
    known = save_slice(tmp_path, 0, SequenceOfUltrasoundRegions=[tissue, flow], **odd)
    np.testing.assert_allclose(open_volume(known).spacing, (1, 0.3, 0.2))
    two = [tissue, region(1, 3, 0.05)]
    unknown = open_volume(save_slice(tmp_path, 1, SequenceOfUltrasoundRegions=two, **odd))
    np.testing.assert_allclose(unknown.spacing, (1, 1, 1))
    assert UNSIZED in unknown.source.notes


@pytest.mark.shared
def test_colour_ultrasound_keeps_its_colours(shared_data: Path) -> None:
    for name in ("pydicom/ExplVR_BigEnd.dcm", "cornerstone/US-YBR_FULL_422-EVRLE.dcm"):
        volume = open_volume(shared_data / name)
        assert volume.color.shape == (*volume.shape, 3)


@pytest.mark.parametrize(
    ("tags", "sized"),
    [
        ({"SliceThickness": 3}, "voxel"),
        ({}, "pixel"),
        ({"SliceThickness": 3, "ImagePositionPatient": None}, "pixel"),
        ({"SliceThickness": 3, "PixelSpacing": None}, ""),
    ],
    ids=["a slice", "of no thickness", "without a place", "without a pixel size"],
)
def test_what_the_file_does_not_state_in_millimetres_is_known_to_be_made_up(
    tmp_path: Path, tags: dict[str, object], sized: str
) -> None:
    save_slice(tmp_path, 1, **tags)
    assert open_volume(tmp_path).source.sized == sized


def test_slices_that_lie_apart_state_how_thick_they_are(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number)
    assert open_volume(tmp_path).source.sized == "voxel"


def test_a_pixel_size_at_the_detector_is_told_as_what_it_is(tmp_path: Path) -> None:
    odd = {"PixelSpacing": None, "ImagePositionPatient": None, "Modality": "CR"}
    volume = open_volume(save_slice(tmp_path, 0, ImagerPixelSpacing=[0.2, 0.2], **odd))
    assert volume.source.sized == "pixel"
    assert any("of the detector" in note for note in volume.source.notes)


def test_the_greatest_values_of_16_bits_do_not_wrap_behind_an_intercept(tmp_path: Path) -> None:
    values = np.full((ROWS, COLUMNS), 65535, np.uint16)
    values[0, 0] = 0
    path = save_slice(tmp_path, 0, RescaleIntercept=-1024, PixelData=values.tobytes())
    assert np.array_equal(open_volume(path).array[0], values.astype(int) - 1024)


def test_cosines_that_are_not_quite_of_length_one_change_no_distance(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number, ImageOrientationPatient=[1.05, 0, 0, 0, 1.05, 0])
    np.testing.assert_allclose(open_volume(tmp_path).spacing, (3, 0.5, 0.8))
