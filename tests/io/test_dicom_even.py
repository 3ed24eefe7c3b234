"""Slices that make no even, upright grid are refused, resampled, or kept: as a person chooses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_slice import COLUMNS, ROWS, expected, save_slice

from napari_samunet.errors import TiltedSlices, UnevenSlices, UnsupportedImage
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
