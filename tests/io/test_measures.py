"""The table measures the slices that a person saw, and tells where to find them."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import numpy as np
import pytest

from napari_samunet.io.measures import write_measures
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Sized, Source, Volume

PLACED = Source(kind="sitk", place="space directions")
# (z, y, x) of the array along which way of the patient (R, A, S), in mm
AXIAL = [(0, 0, 3.0), (0, -1.0, 0), (-0.5, 0, 0)]
DOWNWARDS = [(0, 0, -3.0), (0, -1.0, 0), (-0.5, 0, 0)]
SAGITTAL = [(1.0, 0, 0), (0, 0, -1.0), (0, -1.0, 0)]
THICK_SAGITTAL = [(5.0, 0, 0), (0, 0, -1.0), (0, -1.0, 0)]


def measured(folder: Path, directions: list[tuple[float, float, float]], source: Source) -> dict:
    """The line of an object that is largest on slice 3 of axis 0, and on slice 2 of axis 1."""
    affine = np.eye(4)
    affine[:3, :3] = np.transpose(directions)
    mask = np.zeros((8, 9, 10), bool)
    mask[3, 2:6, 4:8] = mask[4:6, 2, 4:8] = True
    volume = Volume(np.zeros(mask.shape), affine, source=source)
    write_measures([Segment.of(1, "a", mask)], volume, folder / "a.csv")
    with (folder / "a.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    return row


@pytest.mark.parametrize(
    ("directions", "source", "told"),
    [
        (AXIAL, PLACED, ("axial", "4", "3", "8")),
        (DOWNWARDS, PLACED, ("axial", "4", "3", "8")),
        (SAGITTAL, PLACED, ("axial", "3", "4", "12")),
        (THICK_SAGITTAL, PLACED, ("sagittal", "4", "3", "16")),
        (SAGITTAL, Source(), ("as stored", "4", "3", "16")),
    ],
    ids=["axial", "downwards", "sagittal", "thick sagittal", "of no patient"],
)
def test_the_largest_area_is_that_of_the_plane_that_opens_and_its_slice_counts_as_in_the_panel(
    tmp_path: Path,
    directions: list[tuple[float, float, float]],
    source: Source,
    told: tuple[str, ...],
) -> None:
    row = measured(tmp_path, directions, source)
    words = ("plane", "largest_area_slice", "slices", "largest_area_mm2")
    assert tuple(row[word] for word in words) == told


@pytest.mark.parametrize(
    ("sized", "told"),
    [("voxel", ("0.036", "8")), ("pixel", ("", "8")), ("", ("", ""))],
)
def test_nothing_is_measured_in_millimetres_that_nobody_stated(
    tmp_path: Path, sized: Sized, told: tuple[str, str]
) -> None:
    row = measured(tmp_path, AXIAL, Source(sized=sized))
    assert row["voxels"] == "24"
    assert (row["volume_ml"], row["largest_area_mm2"]) == told


def test_excel_is_told_that_a_table_is_utf_8(tmp_path: Path) -> None:
    """Or it reads "LÃ¤sion"; every other reader of a table skips the mark."""
    mask = np.ones((2, 3, 4), bool)
    write_measures([Segment.of(1, "Läsion", mask)], Volume.from_array(mask), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(codecs.BOM_UTF8 + b"label,name")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["label"], row["name"]) == ("1", "Läsion")


def test_no_area_reaches_across_slices_whose_distance_nobody_stated(tmp_path: Path) -> None:
    source = Source(kind="nifti", place="qform, scanner", sized="pixel")
    assert measured(tmp_path, AXIAL, source)["largest_area_mm2"] == "8"
    row = measured(tmp_path, SAGITTAL, source)
    assert (row["plane"], row["largest_area_mm2"]) == ("axial", "")
