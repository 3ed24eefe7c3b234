"""What of a mask does not fit onto an image is named, with how much of it that is."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from time import process_time

import numpy as np
import pydicom
import pytest
from dicom_series import save_series

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.export import export_labels
from napari_samunet.io.losses import land, notes_of_losses, outside, outside_by_number
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.plane_stack import Stack
from napari_samunet.io.segments import Segment, labels_of, segments_of
from napari_samunet.io.volume import Volume

SHAPE = (10, 20, 24)
FILES = pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.dcm", "dicom-seg"),
        ("a.dcm", "rtstruct"),
        ("a.nrrd", "nrrd"),
        ("a.seg.nrrd", "nrrd"),
    ],
)
KINDS = pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])


def three_objects() -> list[Segment]:
    """One in the middle, one low and one high."""
    masks = np.zeros((3, *SHAPE), bool)
    masks[0, 1:9, 3:9, 4:10] = True
    masks[1, 0:3, 12:16, 4:10] = True
    masks[2, 7:10, 12:16, 12:20] = True
    return [Segment.of(n + 1, name, masks[n]) for n, name in enumerate(("tumour", "low", "high"))]


def written(folder: Path, volume: Volume, name: str, kind: str) -> Path:
    segments = three_objects()
    labels = labels_of(segments, SHAPE)
    return export_labels(labels, volume, folder / name, kind, segments=segments)


def part_of(volume: Volume, start: int, stop: int) -> Volume:
    """Some slices of a volume, where they lie."""
    affine = volume.affine.copy()
    affine[:3, 3] += start * affine[:3, 0]
    return Volume.from_array(volume.array[start:stop], affine=affine)


def finer(volume: Volume, times: int) -> Volume:
    """The same space in slices that are so many times as thin."""
    affine = volume.affine.copy()
    affine[:3, 0] /= times
    affine[:3, 3] -= affine[:3, 0] * (times - 1) / 2
    return Volume.from_array(volume.array.repeat(times, axis=0), affine=affine)


@FILES
def test_objects_beyond_the_first_slices_are_named(tmp_path: Path, name: str, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, name, kind)
    masks = read_masks(path, part_of(volume, 0, 3))
    assert [segment.name for segment in masks.segments] == ["tumour", "low"]
    assert masks.notes[-2:] == (
        f"{name}: high holds no voxel of the image",
        f"{name}: 75 % of tumour lies outside of the image and was left out",
    )


def test_labels_without_names_are_named_by_their_number(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = export_labels(labels_of(three_objects(), SHAPE), volume, tmp_path / "a.nii.gz")
    notes = read_masks(path, part_of(volume, 0, 3)).notes
    assert "object 3 holds no voxel" in notes[1]
    assert "75 % of object 1" in notes[2]


def test_of_many_lost_objects_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    labels = np.zeros(SHAPE, np.uint16)
    labels[9].flat[:40] = np.arange(1, 41)
    path = export_labels(labels, volume, tmp_path / "a.nii.gz")
    note = read_masks(path, part_of(volume, 0, 3)).notes[1]
    assert "object 12 and 28 more holds no voxel" in note


def test_many_labels_strewn_over_an_image_are_counted_as_fast_as_a_few() -> None:
    """And each as often as it lies outside."""
    rng, side = np.random.default_rng(0), 100
    affine = np.eye(4)
    affine[:3, :3] = [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]
    grid = Stack(affine, np.arange(side, dtype=float), usual=1.0)
    volume = Volume.from_array(np.zeros((80, 90, 70), np.uint8))

    def counted(labels: int) -> tuple[float, np.ndarray, np.ndarray]:
        image = rng.integers(0, labels + 1, (side,) * 3).astype(np.uint16)
        start = process_time()
        counts = outside_by_number(image, grid, volume)
        return process_time() - start, counts, image

    few = min(counted(2)[0] for _ in range(3)) or 1 / 64  # as Windows counts it
    many, counts, image = counted(120)
    assert [outside(s, grid, volume) for s in segments_of(image)] == counts[1:].tolist()
    assert many < 10 * few


@KINDS
def test_objects_that_are_resampled_are_named_too(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.dcm", kind)
    whole = read_masks(path, finer(volume, 3))
    assert len(whole.notes) == 1, "nothing is lost on the whole image"
    assert "resampled" in whole.notes[0]
    notes = read_masks(path, finer(part_of(volume, 3, 10), 3)).notes
    assert "resampled" in notes[0]
    assert notes[1:] == (
        "a.dcm: low holds no voxel of the image",
        "a.dcm: 25 % of tumour lies outside of the image and was left out",
    )


@FILES
def test_nothing_is_said_of_objects_that_are_whole(tmp_path: Path, name: str, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    assert not read_masks(written(tmp_path, volume, name, kind), volume).notes


def test_half_a_voxel_over_the_edge_is_no_loss(tmp_path: Path) -> None:
    """Grids of one image that differ by rounding end half a voxel apart."""
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.nrrd", "nrrd")
    affine = volume.affine.copy()
    affine[:3, 3] += 0.5 * affine[:3, 0]
    (note,) = read_masks(path, Volume.from_array(volume.array, affine=affine)).notes
    assert "resampled" in note


def test_contours_beside_the_image_are_counted(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.dcm", "rtstruct")
    for columns, share in ((-6, "33 %"), (-400, None)):
        _shift(path, 0, columns * 0.7)
        masks = read_masks(path, volume)
        found = {segment.name: segment.voxels for segment in masks.segments}
        assert found.get("tumour", 0) == (8 * 6 * 4 if share else 0)
        lost = f"{share} of tumour lies outside" if share else "tumour holds no voxel"
        assert len(masks.notes) == 1
        assert lost in masks.notes[0]


def _shift(path: Path, structure: int, millimetres: float) -> None:
    dataset, shift = pydicom.dcmread(path), np.array([millimetres, 0.0, 0.0])
    for contour in dataset.ROIContourSequence[structure].ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        contour.ContourData = [f"{mm:.10g}" for mm in (points + shift).ravel()]
    dataset.save_as(path)


@pytest.mark.parametrize(("off_slice", "away"), [(0.0, 1e6), (1.0, 1e4)])
def test_a_vertex_far_away_costs_no_memory_and_is_told(
    tmp_path: Path, off_slice: float, away: float
) -> None:
    """As a spoilt file may have one, of contours on the slices and between them."""
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.dcm", "rtstruct")
    dataset = pydicom.dcmread(path)
    for structure in dataset.ROIContourSequence:
        for contour in structure.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            points[:, 2] += off_slice
            points[0, :2] -= away * (structure.ReferencedROINumber == 1)
            contour.ContourData = [f"{mm:.10g}" for mm in points.ravel()]
    dataset.save_as(path)
    tracemalloc.start()
    masks = read_masks(path, volume)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50e6
    assert "tumour" in [segment.name for segment in masks.segments]
    assert masks.notes[-1] == "a.dcm: 99 % of tumour lies outside of the image and was left out"


def test_masks_that_need_more_memory_than_there_is_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.dcm", "rtstruct")
    monkeypatch.setattr("napari_samunet.io.rtstruct_read.fill", exhausted)
    with pytest.raises(UnreadableFile, match=r"a\.dcm holds masks that need more memory"):
        read_masks(path, volume)


def test_points_and_open_lines_are_named(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = written(tmp_path, volume, "a.dcm", "rtstruct")
    dataset = pydicom.dcmread(path)
    for structure, kind in ((1, "POINT"), (2, "OPEN_PLANAR")):
        for contour in dataset.ROIContourSequence[structure].ContourSequence:
            contour.ContourGeometricType = kind
    dataset.save_as(path)
    masks = read_masks(path, volume)
    assert [segment.name for segment in masks.segments] == ["tumour"]
    assert masks.notes == (
        "a.dcm: 6 points or open lines, which enclose nothing, were left out, of low, high",
    )


@pytest.mark.parametrize("corner", [(-1, -1), (-1, 1), (1, -1), (1, 1)])
def test_a_mask_that_leaves_a_turned_image_with_one_corner_alone_is_told(
    corner: tuple[int, int],
) -> None:
    half = np.sqrt(0.5)
    turned = np.array([[1, 0, 0, 0], [0, half, -half, 0], [0, half, half, 0], [0, 0, 0, 1]])
    turned[:3, 3] = -turned[:3, :3] @ (0, 20, 20)
    volume = Volume.from_array(np.zeros((1, 41, 41)), affine=turned)
    grid = np.eye(4)
    grid[1:3, 3] = -30
    mask = np.zeros((1, 61, 61), bool)
    row, column = 30 + 13 * np.array(corner)
    mask[0, row - 4 : row + 5, column - 4 : column + 5] = True
    segment = Segment.of(1, "tumour", mask)
    item = land(segment, Stack(grid, np.zeros(1), usual=1.0), volume)
    assert 0 < item.outside < 40
    (note,) = notes_of_losses("a.dcm", [item])
    assert "of tumour lies outside of the image" in note
