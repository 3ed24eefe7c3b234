"""DICOM masks fill an image of other slices without gaps, and stay as drawn on their own image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_series import save_series
from pydicom.uid import generate_uid

from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume

KINDS = pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
IN_PLANE = (20, 24)
UNEVEN = pytest.mark.parametrize(
    "depths",
    [
        (0, 3, 6, 9, 12, 14, 17, 20, 23),
        (0, 5, 10, 15, 17.5, 20, 22.5, 25, 30),
        (0, 2, 4, 6, 8, 11, 14, 17, 20),
    ],
)


def drawn(count: int, on: slice | list[int]) -> np.ndarray:
    mask = np.zeros((count, *IN_PLANE), bool)
    mask[on, 5:15, 4:14] = True
    return mask


def thirds(volume: Volume) -> Volume:
    """An image of slices a third as thick, each third one where the volume has one."""
    affine = volume.affine.copy()
    affine[:3, 0] /= 3
    return Volume.from_array(np.zeros((3 * volume.shape[0] - 2, *IN_PLANE)), affine=affine)


def filled(path: Path, volume: Volume) -> tuple[list[int], tuple[str, ...]]:
    """Slices with the whole square; every other one must be empty."""
    masks = read_masks(path, volume)
    (segment,) = masks.segments
    counts = segment.mask(volume.shape).sum(axis=(1, 2))
    assert set(counts.tolist()) <= {0, 100}
    return np.flatnonzero(counts).tolist(), masks.notes


@KINDS
def test_masks_of_thick_slices_fill_the_thin_ones_and_say_so(tmp_path: Path, kind: str) -> None:
    thick = open_volume(save_series(tmp_path / "ct", (5, *IN_PLANE)))
    path = export_labels(drawn(5, slice(1, 4)), thick, tmp_path / "a.dcm", kind)
    found, notes = filled(path, thirds(thick))
    assert found == list(range(2, 11))
    assert "resampled to the nearest voxel" in notes[0]
    assert ("3 planes taken as 3 mm thick" in notes[0]) == (kind == "rtstruct")


@KINDS
def test_pieces_far_apart_are_not_joined_on_thinner_slices(tmp_path: Path, kind: str) -> None:
    thick = open_volume(save_series(tmp_path / "ct", (9, *IN_PLANE)))
    path = export_labels(drawn(9, [1, 2, 6, 7]), thick, tmp_path / "a.dcm", kind)
    assert filled(path, thirds(thick))[0] == [*range(2, 8), *range(17, 23)]


@KINDS
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_masks_outside_of_an_image_of_other_slices_are_none(
    tmp_path: Path, kind: str, axis: int
) -> None:
    thick = open_volume(save_series(tmp_path / "ct", (5, *IN_PLANE)))
    path = export_labels(drawn(5, slice(1, 4)), thick, tmp_path / "a.dcm", kind)
    affine = thirds(thick).affine.copy()
    affine[:3, 3] += 200 * affine[:3, axis]
    assert not read_masks(path, Volume.from_array(np.zeros((13, 9, 9)), affine=affine)).segments


@KINDS
def test_what_was_drawn_on_every_third_slice_stays_so_on_its_image(
    tmp_path: Path, kind: str
) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (10, *IN_PLANE)))
    path = export_labels(drawn(10, slice(0, None, 3)), volume, tmp_path / "a.dcm", kind)
    assert filled(path, volume) == ([0, 3, 6, 9], ())


@pytest.mark.parametrize("on", [[2, 5], [1, 3, 8], [4]])
def test_contours_on_a_few_slices_of_an_image_that_they_do_not_name_stay_there(
    tmp_path: Path, on: list[int]
) -> None:
    """Nobody knows of so few whether slices were left out between them: no NIfTI is ever named."""
    volume = open_volume(save_series(tmp_path / "ct", (10, *IN_PLANE)))
    path = export_labels(drawn(10, on), volume, tmp_path / "a.dcm", "rtstruct")
    copy = Volume.from_array(volume.array, affine=volume.affine)
    found, notes = filled(path, copy)
    assert found == on
    assert notes[0].startswith("a.dcm does not tell how thick its slices were: object 1")
    assert f"{len(on)} plane" in notes[0]
    assert filled(path, volume) == (on, ()), "on the image that they name nothing is open"


def test_neighbouring_contours_leave_no_thickness_open(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (10, *IN_PLANE)))
    path = export_labels(drawn(10, [2, 3]), volume, tmp_path / "a.dcm", "rtstruct")
    copy = Volume.from_array(volume.array, affine=volume.affine)
    assert filled(path, copy) == ([2, 3], ())


@pytest.mark.parametrize(
    ("on", "other", "fine"),
    [
        ([1, 2, 4], [], [*range(2, 8), 11, 12, 13]),
        ([1, 2], [5], range(2, 8)),
        ([1, 2], [4, 5, 6], range(2, 8)),
        ([1], [4, 5], [2, 3, 4]),
    ],
)
def test_contours_of_a_few_thick_slices_fill_the_thin_ones_as_far_as_all_of_the_file_tell(
    tmp_path: Path, on: list[int], other: list[int], fine: Sequence[int]
) -> None:
    """Else an object on an image of thinner slices lies in pieces and is too small."""
    thick = open_volume(save_series(tmp_path / "ct", (7, *IN_PLANE)))
    labels = drawn(7, on).astype(np.uint16)
    labels[other, 16:19, 16:22] = 2
    path = export_labels(labels, thick, tmp_path / "a.dcm", "rtstruct")
    thin = thirds(thick)
    masks = read_masks(path, thin)
    found = masks.segments[0].mask(thin.shape).sum(axis=(1, 2))
    assert np.flatnonzero(found).tolist() == list(fine)
    assert "taken as 3 mm thick" in masks.notes[0]


@pytest.mark.parametrize(("on", "taken"), [([1, 2], "single slices"), ([3], "a single slice")])
def test_contours_that_may_be_of_thicker_slices_are_named(
    tmp_path: Path, on: list[int], taken: str
) -> None:
    thick = open_volume(save_series(tmp_path / "ct", (5, *IN_PLANE)))
    path = export_labels(drawn(5, on), thick, tmp_path / "a.dcm", "rtstruct")
    found, (note,) = filled(path, thirds(thick))
    assert found == [3 * z for z in on]
    assert taken in note


def test_a_stray_contour_far_above_an_image_thickens_no_other(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (10, *IN_PLANE)))
    path = export_labels(drawn(10, [2, 3]), volume, tmp_path / "a.dcm", "rtstruct")
    dataset = pydicom.dcmread(path)
    stray = dataset.ROIContourSequence[0].ContourSequence[1]
    points = np.array(stray.ContourData, float).reshape(-1, 3)
    points[:, 2] += 31.4
    stray.ContourData = points.ravel().tolist()
    dataset.save_as(path)
    found, notes = filled(path, volume)
    assert found == [2]
    assert "object 1 (2 planes taken as 3 mm thick) was drawn on other slices" in notes[0]


def test_a_segmentation_that_states_its_slices_stays_on_every_third_of_a_copy(
    tmp_path: Path,
) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (10, *IN_PLANE)))
    path = export_labels(drawn(10, slice(0, None, 3)), volume, tmp_path / "a.dcm")
    copy = Volume.from_array(volume.array, affine=volume.affine)
    assert filled(path, copy) == ([0, 3, 6, 9], ())


def on_uneven_slices(
    folder: Path, kind: str, mask: np.ndarray, depths: tuple[float, ...]
) -> tuple[Path, Path]:
    """A mask and its series, moved together to uneven depths."""
    series = save_series(folder / "ct", mask.shape, origin=(-40.0, 12.5, 0.0))
    path = export_labels(mask, open_volume(series), folder / "a.dcm", kind)
    for file, depth in zip(sorted(series.iterdir()), depths, strict=True):
        image = pydicom.dcmread(file)
        image.ImagePositionPatient[2] = depth
        image.save_as(file)
    dataset = pydicom.dcmread(path)
    for frame in dataset.get("PerFrameFunctionalGroupsSequence", ()):
        place = frame.PlanePositionSequence[0].ImagePositionPatient
        place[2] = depths[round(float(place[2]) / 3)]
    for structure in dataset.get("ROIContourSequence", ()):
        for contour in structure.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            points[:, 2] = depths[round(points[0, 2] / 3)]
            contour.ContourData = points.ravel().tolist()
    dataset.save_as(path)
    return path, series


@KINDS
@UNEVEN
@pytest.mark.parametrize("known", [True, False])
def test_masks_of_uneven_slices_leave_no_gap_where_these_were_evened(
    tmp_path: Path, kind: str, depths: tuple[float, ...], known: bool
) -> None:
    """Whether or not the masks name the images that were evened."""
    path, series = on_uneven_slices(tmp_path, kind, drawn(9, slice(None)), depths)
    if not known:
        for file in series.iterdir():
            image = pydicom.dcmread(file)
            image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            image.save_as(file)
    evened = open_volume(series, resample=True)
    assert filled(path, evened)[0] == list(range(evened.shape[0]))


@KINDS
def test_a_slice_left_out_of_an_uneven_series_stays_empty_where_it_was_evened(
    tmp_path: Path, kind: str
) -> None:
    depths = (0, 5, 10, 15, 17.5, 20, 22.5, 25, 30)
    path, series = on_uneven_slices(tmp_path, kind, drawn(9, [4, 6]), depths)
    assert filled(path, open_volume(series, resample=True))[0] == [7, 9]  # 2.5 mm each


def test_a_segmentation_of_tilted_slices_lies_right_where_these_were_straightened(
    tmp_path: Path,
) -> None:
    series = save_series(tmp_path / "ct", (9, *IN_PLANE))
    for number, file in enumerate(sorted(series.iterdir())):
        image = pydicom.dcmread(file)
        image.ImagePositionPatient[1] += 0.8 * number
        image.save_as(file)
    tilted = open_volume(series, keep_tilt=True)
    path = export_labels(drawn(9, slice(None)), tilted, tmp_path / "a.dcm")
    straight = open_volume(series, resample=True)
    found = read_masks(path, straight).segments[0].mask(straight.shape)
    middle = [np.argwhere(plane).mean(axis=0) for plane in found]
    wanted = np.array([tilted.affine @ (z, 9.5, 8.5, 1) for z in range(9)])
    placed = np.array([straight.affine @ (z, *rc, 1) for z, rc in enumerate(middle)])
    np.testing.assert_allclose(placed, wanted, atol=0.41)


def test_contours_without_points_are_left_out_of_a_structure_set(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (5, *IN_PLANE)))
    path = export_labels(drawn(5, slice(1, 4)), volume, tmp_path / "a.dcm", "rtstruct")
    dataset = pydicom.dcmread(path)
    contours = dataset.ROIContourSequence[0].ContourSequence
    contours[0].ContourData = None
    del contours[2].ContourData
    dataset.save_as(path)
    note = "a.dcm: 2 contours without whole points were left out, of object 1"
    assert filled(path, volume) == ([2], (note,))


def test_a_single_plane_is_as_thick_as_one_slice(tmp_path: Path) -> None:
    thick = open_volume(save_series(tmp_path / "ct", (5, *IN_PLANE)))
    path = export_labels(drawn(5, [2]), thick, tmp_path / "a.dcm")
    assert filled(path, thirds(thick))[0] == [5, 6, 7]
