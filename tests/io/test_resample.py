"""An image that is resampled lies where it lay in the patient, and says that no file holds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - as everybody calls it

from napari_samunet.errors import InputError
from napari_samunet.geometry import flip_lps_ras, reverse_axes, spacing_of
from napari_samunet.io.resample import resampled
from napari_samunet.io.volume import Source, Volume


def _affine(degrees: float, spacing: tuple[float, float, float], origin) -> np.ndarray:
    turn = np.radians(degrees)
    affine = np.eye(4)
    affine[:3, 0] = (0, 0, spacing[0])
    affine[:3, 1] = np.array([-np.sin(turn), np.cos(turn), 0]) * spacing[1]
    affine[:3, 2] = np.array([np.cos(turn), np.sin(turn), 0]) * spacing[2]
    affine[:3, 3] = origin
    return affine


def _volumes(dtype=np.float64) -> tuple[Volume, Volume]:
    values = np.random.default_rng(2).normal(100, 50, (8, 20, 22)).astype(dtype)
    moving = Volume(values, _affine(25, (3, 1.1, 0.9), (-9, -8, -5)), modality="MR", window=(1, 9))
    return moving, Volume(np.zeros((12, 15, 16)), _affine(-5, (1.5, 1.3, 1.2), (-4, -6, -3)))


def _itk(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(volume.array)
    lps = flip_lps_ras(reverse_axes(volume.affine))
    image.SetSpacing(spacing_of(lps).tolist())
    image.SetDirection((lps[:3, :3] / spacing_of(lps)).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def test_every_voxel_has_the_value_that_itk_finds_at_its_place():
    moving, target = _volumes()
    lowest = float(moving.array.min())
    wanted = sitk.GetArrayFromImage(
        sitk.Resample(_itk(moving), _itk(target), sitk.Transform(), sitk.sitkLinear, lowest)
    )
    found = resampled(moving, target)
    inside = (wanted != lowest) & (found.array != lowest)  # ITK also fills half a voxel outwards
    assert inside.mean() > 0.3
    np.testing.assert_allclose(found.array[inside], wanted[inside], atol=1e-3)
    np.testing.assert_array_equal(found.affine, target.affine)
    assert (found.modality, found.window, found.source.path) == ("MR", (1, 9), None)


def test_onto_its_own_grid_nothing_changes_and_numbers_keep_their_type():
    moving, _target = _volumes(np.int16)
    found = resampled(moving, moving)
    assert found.array.dtype == np.int16
    np.testing.assert_array_equal(found.array, moving.array)


def test_images_of_two_places_are_refused():
    moving, target = _volumes()
    away = Volume(target.array, _affine(0, (1, 1, 1), (500, 0, 0)))
    with pytest.raises(InputError, match="lie apart"):
        resampled(moving, away)


def test_what_placed_the_other_image_is_told_where_anything_did():
    moving, array = _volumes()
    told = "the image it was interpolated onto"
    assert resampled(moving, replace(array, modality="MR")).source.place == told
    placed = replace(array, source=Source(place="sform"))
    assert resampled(moving, placed).source.place == f"{told} (sform)"
    assert resampled(moving, array).source.place is None
