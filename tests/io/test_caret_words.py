"""Names and colours in a NIfTI come along, and no table in it can do harm."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Extension

from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume

SHAPE = (3, 4, 5)
VOLUME = Volume.from_array(np.zeros(SHAPE), affine=np.eye(4)[[2, 1, 0, 3]])
SPLEEN = '<Label Key="1" Red="0.5" Green="0" Blue="1" Alpha="1"><![CDATA[spleen]]></Label>'


def table(labels: str, frame: int = 0) -> str:
    inner = f"<LabelTable>{labels}</LabelTable><VolumeType>Label</VolumeType>"
    volume = f'<VolumeInformation Index="{frame}">{inner}</VolumeInformation>'
    return f'<?xml version="1.0" encoding="UTF-8"?> <CaretExtension>{volume}</CaretExtension>'


def imported(path: Path, *told: str | bytes, code: int = 30, frames: int = 1) -> list[Segment]:
    """The objects 1 and 2 of a file whose header has extensions."""
    labels = np.zeros((*SHAPE[::-1], frames), np.uint8)
    labels[1, 1, 1], labels[3, 2, 1] = 1, 2
    image = nib.Nifti1Image(labels, np.eye(4))
    image.header.extensions.append(Nifti1Extension(6, b"a comment"))
    for each in told:
        content = each if isinstance(each, bytes) else each.encode()
        image.header.extensions.append(Nifti1Extension(code, content))
    nib.save(image, path)
    return list(read_masks(path, VOLUME).segments)


@pytest.mark.parametrize("code", [0, 30])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.hdr"])
def test_objects_are_called_and_coloured_as_the_table_says(
    tmp_path: Path, code: int, name: str
) -> None:
    """TotalSegmentator's has another code than Connectome Workbench's."""
    if name == "a.hdr":
        imported(tmp_path / "b.nii", table(SPLEEN), code=code)
        nib.save(nib.Nifti1Pair.from_image(nib.load(tmp_path / "b.nii")), tmp_path / "a.img")
        found = list(read_masks(tmp_path / "a.hdr", VOLUME).segments)
    else:
        found = imported(tmp_path / name, table(SPLEEN), code=code)
    assert [(s.number, s.name) for s in found] == [(1, "spleen"), (2, "object 2")]
    assert [s.color for s in found] == [(0.5, 0.0, 1.0), None]


@pytest.mark.parametrize(
    "labels",
    [
        '<Label Key="0" Red="1" Green="1" Blue="1" Alpha="0">???</Label>',
        '<Label Key="one">spleen</Label><Label>liver</Label>',
        '<Label Key="1" Red="0.5" Green="0" Blue="1"> </Label>',
        '<Label Key="-1" Red="0.5" Green="0" Blue="1">spleen</Label>',
    ],
)
def test_a_line_that_names_no_object_changes_none(tmp_path: Path, labels: str) -> None:
    found = imported(tmp_path / "a.nii", table(labels + SPLEEN.replace('"1"', '"2"', 1)))
    assert [(s.name, s.color) for s in found] == [("object 1", None), ("spleen", (0.5, 0.0, 1.0))]


@pytest.mark.parametrize("red", ["255", "nan", "-1", "", "x"])
def test_a_colour_that_is_none_costs_the_name_nothing(tmp_path: Path, red: str) -> None:
    found = imported(tmp_path / "a.nii", table(SPLEEN.replace("0.5", red)))
    assert (found[0].name, found[0].color) == ("spleen", None)


SWOLLEN = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    "told",
    [
        table(SPLEEN)[:-20],
        table(SPLEEN.replace("spleen", "\xff")).encode("latin-1"),
        table(SPLEEN).encode("utf-16"),
        SWOLLEN + table('<Label Key="1">&c;</Label>').partition("?>")[2],
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
        + table('<Label Key="1">&b;</Label>').partition("?>")[2],
        "<LabelTable>" * 100_000,
        "",
    ],
)
def test_a_damaged_or_hostile_table_costs_names_and_no_voxel(
    tmp_path: Path, told: str | bytes
) -> None:
    """Nor a whole table beside it."""
    found = imported(tmp_path / "a.nii", told)
    assert [(s.name, s.voxels) for s in found] == [("object 1", 1), ("object 2", 1)]
    assert imported(tmp_path / "a.nii", told, table(SPLEEN))[0].name == "spleen"


def test_each_time_point_has_a_table_of_its_own(tmp_path: Path) -> None:
    found = imported(tmp_path / "a.nii", table(SPLEEN, frame=1), frames=2)
    assert sorted(s.name for s in found) == ["object 1", "object 2", "object 4", "spleen"]


@pytest.mark.shared
def test_what_totalsegmentator_found_has_its_names(shared_data: Path) -> None:
    folder = shared_data / "totalsegmentator"
    volume = open_volume(folder / "example_ct.nii.gz")
    found = {s.number: s for s in read_masks(folder / "example_seg.nii.gz", volume).segments}
    assert (found[5].name, found[5].color) == ("liver", (0.0, 1.0, 1.0))
    assert not [s.name for s in found.values() if s.name.startswith("object")]
