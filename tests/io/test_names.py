"""Whatever an object is called, its file is written and opens, and no spreadsheet runs its name."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_series import save_series

from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.measures import write_measures
from napari_samunet.io.names import table_cell, value_of, written_name
from napari_samunet.io.open import open_volume
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume
from napari_samunet.session.state import State
from napari_samunet.session.tally import Tally

SHAPE = (4, 20, 24)
FORMULAS = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
BROKEN = {"a\0b": "a b", "a\udcffb": "a\ufffdb"}


def two_objects(name: str) -> list[Segment]:
    """One with a name to try, and one behind it that must not suffer."""
    masks = np.zeros((2, *SHAPE), bool)
    masks[0, 1, 2:6, 3:8] = masks[1, 2, 8:12, 3:8] = True
    return [Segment.of(1, name, masks[0]), Segment.of(2, "second", masks[1])]


def measured(folder: Path, name: str) -> list[dict[str, str]]:
    write_measures(two_objects(name), Volume.from_array(np.full(SHAPE, -5)), folder / "a.csv")
    with (folder / "a.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_never_reaches_a_table_as_a_formula(tmp_path: Path, name: str) -> None:
    first, second = measured(tmp_path, name)
    cell = "'" + name.replace("\r", " ").replace("\n", " ")
    assert (first["name"], second["name"]) == (cell, "second")
    assert first["mean"] == "-5", "numbers stay numbers"
    tally, current = Tally(), State(current=1)
    tally.note(0, "point", current, current)
    (row,) = csv.DictReader(tally.table({1: name}).splitlines(keepends=True))
    assert row["name"] == cell


def test_no_line_break_in_a_name_begins_a_cell_of_its_own(tmp_path: Path) -> None:
    names = [row["name"] for row in measured(tmp_path, "liver\r=1+1\n=2")]
    assert names == ["liver =1+1 =2", "second"]


def test_names_that_are_no_formula_stay_as_they_are() -> None:
    for name in ("Liver", "Läsion 漢字 😀", "a=b", "x-ray", " ", ""):
        assert table_cell(name) == written_name(name) == name


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("ending", [".seg.nrrd", ".nrrd"])
def test_half_a_letter_or_a_nul_spoils_no_mask_file(tmp_path: Path, name: str, ending: str) -> None:
    volume = Volume.from_array(np.zeros(SHAPE))
    objects = two_objects(name)
    labels = sum(segment.number * segment.mask(SHAPE) for segment in objects)
    path = export_labels(labels, volume, tmp_path / f"a{ending}", segments=objects)
    read = {segment.number: segment.name for segment in read_masks(path, volume).segments}
    assert read == {1: BROKEN[name], 2: "second"}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_nor_a_dicom_object(tmp_path: Path, name: str, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    objects = two_objects(name)
    labels = sum(segment.number * segment.mask(SHAPE) for segment in objects)
    path = export_labels(labels, volume, tmp_path / "a.dcm", kind, segments=objects)
    names = [segment.name for segment in read_masks(path, volume).segments]
    assert names == [BROKEN[name], "second"]


@pytest.mark.parametrize("name", BROKEN)
def test_nor_a_table(tmp_path: Path, name: str) -> None:
    assert measured(tmp_path, name)[0]["name"] == BROKEN[name]


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_names_of_several_lines_are_one_line_in_a_dicom_object(tmp_path: Path, kind: str) -> None:
    """Checkers refuse control characters there (DICOM PS3.5, 6.2: LO)."""
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    objects = two_objects("liver\n\tleft\x1b lobe\x85 ")
    labels = sum(segment.number * segment.mask(SHAPE) for segment in objects)
    path = export_labels(labels, volume, tmp_path / "a.dcm", kind, segments=objects)
    names = [segment.name for segment in read_masks(path, volume).segments]
    assert names == ["liver  left  lobe", "second"]


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_long_names_that_differ_at_their_end_stay_two_names(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    objects = two_objects("x" * 80 + " left")
    objects[1] = replace(objects[1], name="x" * 80 + " right")
    labels = sum(segment.number * segment.mask(SHAPE) for segment in objects)
    path = export_labels(labels, volume, tmp_path / "a.dcm", kind, segments=objects)
    first, second = (segment.name for segment in read_masks(path, volume).segments)
    assert len(first) == len(second) == 64
    assert first.endswith("x left")
    assert second.endswith("x right")


def test_a_name_of_blanks_is_none_in_dicom() -> None:
    assert value_of(" \n", 64) == ""
    assert value_of("a" * 64, 64) == "a" * 64
