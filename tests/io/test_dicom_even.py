"""Slices that make no even, upright grid are refused, resampled, or kept: as a person chooses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_slice import COLUMNS, ROWS, expected, save_slice

from napari_samunet.errors import ChoiceNeeded, TiltedSlices, UnevenSlices, UnsupportedImage
from napari_samunet.io.open import open_volume


def test_a_missing_slice_is_interpolated_when_a_person_says_so(tmp_path: Path) -> None:
    for number in (0, 1, 3):
        save_slice(tmp_path, number)
    volume = open_volume(tmp_path, resample=True)
    assert np.array_equal(volume.array, np.stack([expected(n) for n in range(4)]))
    np.testing.assert_allclose(volume.affine @ (3, 0, 0, 1), (-10, -20, 39, 1))
    assert any("resampled" in note for note in volume.source.notes)


def test_a_place_that_was_imaged_twice_is_noticed_and_the_first_one_taken(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number)
    save_slice(tmp_path, 7, ImagePositionPatient=[10, 20, 33], InstanceNumber=8)
    with pytest.raises(UnevenSlices, match="1 to 2 images of a place"):
        open_volume(tmp_path)
    volume = open_volume(tmp_path, resample=True)
    assert np.array_equal(volume.array, np.stack([expected(n) for n in range(3)]))
    assert "1 further images of the same places were left out" in volume.source.notes


def test_a_tilted_gantry_is_straightened_when_a_person_says_so(tmp_path: Path) -> None:
    for number in range(3):
        place = [10, 20 + 0.5 * number, 30 + 3 * number]  # one row of 0.5 mm a slice
        save_slice(tmp_path, number, ImagePositionPatient=place)
    volume = open_volume(tmp_path, resample=True)
    assert volume.shape == (3, ROWS + 2, COLUMNS)
    np.testing.assert_allclose(volume.affine @ (2, 0, 0, 1), (-10, -20, 36, 1))
    for z in range(3):
        assert np.array_equal(volume.array[z, z : z + ROWS], expected(z))


def test_a_missing_slice_is_noticed(tmp_path: Path) -> None:
    for number in (0, 1, 3):
        save_slice(tmp_path, number)
    with pytest.raises(UnsupportedImage, match=r"3\.000 to 6\.000 mm apart, so one may be missing"):
        open_volume(tmp_path)


def test_a_tilted_gantry_is_refused_or_taken_as_scanned_by_choice(tmp_path: Path) -> None:
    for number in range(3):
        save_slice(tmp_path, number, ImagePositionPatient=[0, number, 3 * number])
    with pytest.raises(TiltedSlices, match=r"tilted gantry \(18\.4°\).*--resample.*--keep-tilt"):
        open_volume(tmp_path)
    volume = open_volume(tmp_path, keep_tilt=True)
    np.testing.assert_allclose(volume.affine @ (2, 0, 0, 1), (0, -2, 6, 1))
    assert any("right angles by 18.4" in note for note in volume.source.notes)


def test_rounded_positions_are_no_tilt(tmp_path: Path) -> None:
    for number in range(2):
        save_slice(tmp_path, number, ImagePositionPatient=[0, 0.02 * number, 3 * number])
    assert open_volume(tmp_path).shape[0] == 2


def test_a_resampled_series_lies_where_its_pixels_were_scanned(tmp_path: Path) -> None:
    row, column = np.array([0.8, 0.6, 0]), np.array([-0.36, 0.48, 0.8])
    first, normal = np.array([10.1, 20.2, 30.3]), np.cross(row, column)
    for number in (0, 1, 3):
        place = np.round(first + 3.1 * number * normal, 6).tolist()
        turned = {"ImagePositionPatient": place, "ImageOrientationPatient": [*row, *column]}
        save_slice(tmp_path, number, **turned, PixelSpacing=[0.5, 1.25])
    volume = open_volume(tmp_path, resample=True)
    assert volume.shape == (4, ROWS, COLUMNS), "rounding of positions adds no empty rows"
    for z, row_index, column_index in ((0, 2, 3), (1, 3, 1), (3, 1, 5)):
        value = expected(z)[row_index, column_index]
        (found,) = np.argwhere(volume.array[z] == value)
        x, y, up, _ = volume.affine @ (z, *found, 1)
        place = first + 3.1 * z * normal + column_index * 1.25 * row + row_index * 0.5 * column
        np.testing.assert_allclose((-x, -y, up), place, atol=1e-4)


def test_a_tilt_of_half_a_pixel_a_slice_is_straightened(tmp_path: Path) -> None:
    """Pixels tell how far to the back they lie, so each place has one value on all slices."""
    for number in range(3):
        y = 20 + 0.25 * number + 0.5 * np.arange(ROWS)[:, None]
        values = (100 * y * np.ones(COLUMNS)).astype(np.uint16).tobytes()
        place = [10, 20 + 0.25 * number, 30 + 3 * number]
        save_slice(tmp_path, number, ImagePositionPatient=place, PixelData=values)
    volume = open_volume(tmp_path, resample=True)
    assert volume.shape == (3, ROWS + 1, COLUMNS)
    for z in range(3):
        y = -(volume.affine @ np.array([(z, row, 0, 1) for row in range(ROWS + 1)]).T)[1]
        scanned = (y >= 20 + 0.25 * z) & (y <= 20 + 0.25 * z + 0.5 * (ROWS - 1))
        assert scanned.sum() >= ROWS - 1
        wanted = np.repeat(100 * y[scanned, None] - 1024, COLUMNS, axis=1)
        np.testing.assert_allclose(volume.array[z][scanned], wanted)


def test_of_two_untold_images_of_every_place_one_has_to_be_chosen(tmp_path: Path) -> None:
    for number in range(6):
        save_slice(tmp_path, number, ImagePositionPatient=[10, 20, 30 + 3 * (number % 3)])
    with pytest.raises(ChoiceNeeded, match="image 1 of 2"):
        open_volume(tmp_path, resample=True)
    second = open_volume(tmp_path, resample=True, frame=1)
    assert np.array_equal(second.array, np.stack([expected(n) for n in (3, 4, 5)]))
