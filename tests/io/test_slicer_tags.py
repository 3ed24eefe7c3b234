"""What somebody said in 3D Slicer that an object is, a DICOM SEG says too, and back again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_series import save_series

from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.segments import Segment, labels_of
from napari_samunet.io.volume import Volume

TISSUE = "SCT^85756007^Tissue"
KIDNEY = "SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~SCT^7771000^Left"
TYPES, REGIONS = "Segmentation category and type - DICOM master list", "Anatomic codes"
NO_REGION = f"{REGIONS}~^^~^^"


def tags(codes: str) -> str:
    return f"Segmentation.Status:completed|TerminologyEntry:{TYPES}~{codes}|"


@pytest.fixture
def series(tmp_path: Path) -> Volume:
    return open_volume(save_series(tmp_path / "ct"))


def imported(path: Path, volume: Volume, told: str) -> Segment:
    """An object called "lesion" as 3D Slicer describes it."""
    mask = np.zeros(volume.shape, np.uint8)
    mask[1, 2:5, 3:6] = 1
    export_labels(mask, volume, path, names={1: "lesion"})
    image = sitk.ReadImage(str(path))
    image.SetMetaData("Segment0_Tags", told)
    sitk.WriteImage(image, str(path))
    (found,) = read_masks(path, volume).segments
    return found


def written(segment: Segment, volume: Volume, path: Path) -> Path:
    labels = labels_of([segment], volume.shape)
    return export_labels(labels, volume, path, segments=[segment])


def in_seg(segment: Segment, volume: Volume, path: Path) -> Any:
    (described,) = pydicom.dcmread(written(segment, volume, path)).SegmentSequence
    return described


def codes_of(described: Any) -> list[str]:
    kind = described.SegmentedPropertyTypeCodeSequence[0]
    modifiers = kind.get("SegmentedPropertyTypeModifierCodeSequence", [])
    regions = described.get("AnatomicRegionSequence", [])
    sides = [side for each in regions for side in each.get("AnatomicRegionModifierSequence", [])]
    category = described.SegmentedPropertyCategoryCodeSequence[0]
    return [code.CodeMeaning for code in (category, kind, *modifiers, *regions, *sides)]


@pytest.mark.parametrize(
    ("told", "meanings"),
    [
        (f"{KIDNEY}~{NO_REGION}", ["Anatomical Structure", "Kidney", "Left"]),
        (
            f"{TISSUE}~SCT^4147007^Mass~^^~{REGIONS}~SCT^78961009^Spleen~SCT^7771000^Left",
            ["Tissue", "Mass", "Spleen", "Left"],
        ),
        (f"{TISSUE}~{TISSUE}~^^~{REGIONS}~SCT^78961009^Spleen~^^", ["Tissue", "Tissue", "Spleen"]),
        ("SRT^T-D0050^Tissue~SRT^T-62000^Liver~SRT^^~~^^~^^", ["Tissue", "Liver"]),
    ],
)
def test_a_dicom_seg_says_what_3d_slicer_said(
    series: Volume, tmp_path: Path, told: str, meanings: list[str]
) -> None:
    found = imported(tmp_path / "a.seg.nrrd", series, tags(told))
    assert codes_of(in_seg(found, series, tmp_path / "a.dcm")) == meanings


def test_what_was_renamed_is_no_longer_what_it_was_called(series: Volume, tmp_path: Path) -> None:
    found = imported(tmp_path / "a.seg.nrrd", series, tags(f"{KIDNEY}~{NO_REGION}"))
    assert "Kidney" in codes_of(in_seg(found, series, tmp_path / "a.dcm"))
    spleen = replace(found, name="spleen")
    assert "Spleen" in codes_of(in_seg(spleen, series, tmp_path / "a.dcm"))
    image = sitk.ReadImage(str(written(spleen, series, tmp_path / "b.seg.nrrd")))
    assert not image.HasMetaDataKey("Segment0_Tags")


@pytest.mark.parametrize(
    "told",
    [
        tags(f"{TISSUE}~{TISSUE}~^^~{NO_REGION}"),
        tags(f"{TISSUE}~^^~SCT^7771000^Left~{NO_REGION}"),
        tags(f"{TISSUE}~SCT^{'1' * 17}^Lung~^^~{NO_REGION}"),
        tags(f"{TISSUE}~SCT^1\\2^Lung~^^~{NO_REGION}"),
        tags(TISSUE),
        "TerminologyEntry:",
        "|||",
    ],
)
def test_where_3d_slicer_says_nothing_the_name_tells(
    series: Volume, tmp_path: Path, told: str
) -> None:
    """It calls tissue whatever nobody described; and damaged tags say nothing."""
    found = imported(tmp_path / "a.seg.nrrd", series, told)
    liver = replace(found, name="liver", origin=replace(found.origin, name="liver"))
    assert codes_of(in_seg(liver, series, tmp_path / "a.dcm"))[1] == "Liver"


@pytest.mark.parametrize(
    "told",
    [
        f"{KIDNEY}~{NO_REGION}",
        f"{TISSUE}~SCT^4147007^Mass~^^~{REGIONS}~SCT^78961009^Spleen~SCT^7771000^Left",
    ],
)
def test_what_it_is_goes_to_3d_slicer_again(series: Volume, tmp_path: Path, told: str) -> None:
    """From its own file, and from the DICOM SEG that was made of that."""
    found = imported(tmp_path / "a.seg.nrrd", series, tags(told))
    (again,) = read_masks(written(found, series, tmp_path / "a.dcm"), series).segments
    for number, segment in enumerate((found, again)):
        path = written(segment, series, tmp_path / f"{number}.seg.nrrd")
        entry = sitk.ReadImage(str(path)).GetMetaData("Segment0_Tags")
        wanted = told.replace(REGIONS, "Anatomic codes - DICOM master list")
        assert entry == f"TerminologyEntry:{TYPES}~{wanted}|"
        assert read_masks(path, series).segments[0].origin.codes == found.origin.codes


def test_an_object_without_a_whole_code_leaves_without_tags(series: Volume, tmp_path: Path) -> None:
    found = imported(tmp_path / "a.seg.nrrd", series, tags(f"{KIDNEY}~{NO_REGION}"))
    codes = found.origin.codes.replace("64033007", "")
    odd = replace(found, origin=replace(found.origin, codes=codes))
    for segment, has_tags in ((found, True), (odd, False)):
        image = sitk.ReadImage(str(written(segment, series, tmp_path / "b.seg.nrrd")))
        assert image.HasMetaDataKey("Segment0_Tags") == has_tags
