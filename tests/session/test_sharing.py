"""Objects leave a session with all that is known of them but whose image it is, and come back."""

from __future__ import annotations

import csv
import gc
import gzip
import json
import sys
from pathlib import Path

import imageio.v3 as imageio
import nibabel
import numpy as np
import pydicom
import pytest
from dicom_series import BIRTH, PATIENT, PATIENT_ID, save_series
from disc_engine import SHAPE, DiscEngine, make_volume, square
from held_files import files_no_longer_than

from napari_samunet.errors import InputError
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session


class NamedEngine(DiscEngine):
    """Has a model to tell of."""

    class system:  # noqa: N801 - as the engine calls it
        name, model_hash = "builtin", "ab12"


def two_objects(volume: Volume) -> Session:
    session = Session(volume, NamedEngine())
    session.new_object("Liver")
    session.add_point((8, 9), index=1, window=(-100, 200))
    session.accept()
    session.new_object("left kidney")
    session.add_box((3, 4, 9, 11), index=2)
    session.accept()
    return session


@pytest.fixture
def series(tmp_path: Path) -> Volume:
    return open_volume(save_series(tmp_path / "ct"))


def test_dicom_keeps_overlapping_objects_and_brings_them_back(series: Volume, tmp_path: Path):
    session = two_objects(series)
    session.new_object("lesion")
    session.paint(session.objects[0].mask_at(1), index=1)
    session.accept()
    for kind in ("dicom-seg", "rtstruct"):
        path = session.export(tmp_path / f"{kind}.dcm", kind)
        other = Session(series, DiscEngine())
        assert [item.name for item in other.import_masks(path)] == [
            "Liver",
            "left kidney",
            "lesion",
        ]
        for mine, theirs in zip(session.objects, other.objects, strict=True):
            assert np.array_equal(mine.mask, theirs.mask)
            np.testing.assert_allclose(mine.color, theirs.color, atol=0.02)
        assert other.current == other.objects[0]
        other.undo()
        assert not other.objects


def test_imported_masks_join_the_objects_that_are_there(tmp_path: Path):
    volume = make_volume()
    first = Session(volume, DiscEngine())
    first.new_object("old")
    first.paint(square(SHAPE[1:], 8, 9), index=1)
    first.accept()
    path = first.export(tmp_path / "a.nrrd")
    notices: list[str] = []
    first.notice.connect(notices.append)
    (added,) = first.import_masks(path)
    assert added.id == 2
    assert np.array_equal(added.mask, first.objects[0].mask)
    assert (first.labels == 2).sum() == added.voxels


def test_masks_that_lie_beside_the_image_are_refused(tmp_path: Path):
    volume = make_volume()
    session = Session(volume, DiscEngine())
    session.paint(square(SHAPE[1:], 8, 9), index=1)
    session.accept()
    path = session.export(tmp_path / "a.nrrd")
    moved = volume.affine.copy()
    moved[:3, 3] += 1000
    elsewhere = Session(Volume(volume.array, moved), DiscEngine())
    with pytest.raises(InputError, match="no mask with a voxel in this image"):
        elsewhere.import_masks(path)
    assert not elsewhere.objects


def test_a_table_tells_volume_area_and_intensities(series: Volume, tmp_path: Path):
    session = two_objects(series)
    with session.export(tmp_path / "a.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    liver = session.objects[0]
    values = series.array[liver.mask]
    assert [row["name"] for row in rows] == ["Liver", "left kidney"]
    assert int(rows[0]["voxels"]) == liver.voxels
    assert float(rows[0]["volume_ml"]) == pytest.approx(liver.voxels * 3 * 0.8 * 0.7 / 1000)
    assert float(rows[0]["largest_area_mm2"]) == pytest.approx(liver.voxels * 0.8 * 0.7)
    assert (rows[0]["plane"], rows[0]["largest_area_slice"]) == ("axial", "2")  # from 1
    assert float(rows[0]["mean"]) == pytest.approx(values.mean(), rel=1e-5)
    assert float(rows[0]["maximum"]) == values.max()


def test_a_sheared_grid_has_the_volume_of_its_voxels(tmp_path: Path):
    affine = np.diag([1.0, 1, 1, 1])[[2, 1, 0, 3]]
    affine[1, 0] = 1.0  # a slice is 1 mm above the one before, and 1 mm aside: sqrt(2) mm apart
    volume = Volume(np.arange(60).reshape(3, 4, 5), affine)
    session = Session(volume, DiscEngine())
    session.paint(np.ones((4, 5), bool), index=1)
    session.accept()
    with session.export(tmp_path / "a.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert float(row["volume_ml"]) == pytest.approx(20 / 1000)


def test_an_askew_segmentation_leaves_with_a_word_for_readers_that_stack_it_straight(
    tmp_path: Path,
):
    folder = save_series(tmp_path / "ct")
    for file in folder.iterdir():
        image = pydicom.dcmread(file)
        image.ImagePositionPatient[0] += float(image.InstanceNumber)  # 3 mm on, and 1 mm aside
        image.save_as(file)
    session, said = two_objects(open_volume(folder, keep_tilt=True)), []
    session.notice.connect(said.append)
    session.export(tmp_path / "a.dcm", "rtstruct")
    session.export(tmp_path / "a.seg.nrrd")
    assert said == []
    session.export(tmp_path / "b.dcm")
    assert len(said) == 1
    assert "b.dcm: the slices lie askew by 18.4°" in said[0]


def test_a_picture_shows_the_slices_with_objects_in_their_colours(series: Volume, tmp_path: Path):
    session = two_objects(series)
    picture = imageio.imread(session.export(tmp_path / "a.png"))
    assert picture.shape == (20, 2 * 24, 3)
    colors = {tuple(color) for color in picture.reshape(-1, 3).tolist()}
    for item in session.objects:
        assert tuple(round(255 * part) for part in item.color) in colors


def test_a_picture_that_a_full_disk_refuses_is_told_once(
    series: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """And not again by the library that writes it, on its way out."""
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    with files_no_longer_than(0), pytest.raises(InputError, match="make room"):
        two_objects(series).export(tmp_path / "a.png")
    gc.collect()
    assert ignored == []


def test_the_sidecar_tells_model_window_prompts_and_version(series: Volume, tmp_path: Path):
    path = two_objects(series).export(tmp_path / "a.nii.gz")
    words = json.loads((path.parent / "a.nii.gz.json").read_text(encoding="utf-8"))
    assert words["software"]["version"]
    liver, kidney = words["objects"]
    assert liver["model"] == {"name": "builtin", "weights": "ab12"}
    (plane,) = liver["planes"]
    assert (plane["axis"], plane["index"], plane["window"]) == (0, 1, [-100, 200])
    assert plane["prompts"] == [{"kind": "point", "positive": True, "points_rc": [[8.0, 9.0]]}]
    assert kidney["planes"][0]["prompts"][0]["box_rc"] == [3, 4, 9, 11]


def test_the_sidecar_names_the_numbers_that_its_file_has(series: Volume, tmp_path: Path):
    session = two_objects(series)
    handout = session.handout().numbered({1: 5, 2: 9})
    seg = handout.write(tmp_path / "seg.dcm")
    structures = handout.write(tmp_path / "rt.dcm", "rtstruct")
    numbers = {
        kind: [
            (item["label"], item.get("segment_number"))
            for item in json.loads((tmp_path / f"{kind}.dcm.json").read_text())["objects"]
        ]
        for kind in ("seg", "rt")
    }
    segments = [item.SegmentNumber for item in pydicom.dcmread(seg).SegmentSequence]
    assert numbers["seg"] == list(zip([5, 9], segments, strict=True)) == [(5, 1), (9, 2)]
    rois = [item.ROINumber for item in pydicom.dcmread(structures).StructureSetROISequence]
    assert numbers["rt"] == [(5, None), (9, None)]
    assert rois == [5, 9]
    assert [item.id for item in Session(series).import_masks(structures)] == [5, 9]


def test_nothing_of_the_patient_leaves_but_in_dicom(series: Volume, tmp_path: Path):
    session = two_objects(series)
    (tmp_path / "out").mkdir()
    for name in ("a.nii.gz", "a.nrrd", "a.seg.nrrd", "a.mha", "a.csv", "a.png", "a.json"):
        session.export(tmp_path / "out" / name)
    header = series.source.header[0]
    secrets = [PATIENT, PATIENT_ID, BIRTH, "Doe", "A-99", "Roe", "20240229"]
    secrets += [header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID]
    written = list((tmp_path / "out").iterdir())
    assert len(written) > 7
    for path in written:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert not [secret for secret in secrets if str(secret).encode() in content], path.name
    assert not [secret for secret in secrets if str(secret) in repr(series)]


def test_words_of_a_nifti_header_that_may_name_a_patient_do_not_travel(tmp_path: Path):
    image = nibabel.Nifti1Image(np.zeros(SHAPE[::-1], np.int16), np.eye(4))
    for field in ("db_name", "descrip", "aux_file", "data_type"):
        image.header[field] = b"Doe Jane"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"Doe Jane"))
    nibabel.save(image, tmp_path / "image.nii")
    assert b"Doe Jane" in (tmp_path / "image.nii").read_bytes()
    session = two_objects(open_volume(tmp_path / "image.nii"))
    assert b"Doe" not in session.export(tmp_path / "labels.nii").read_bytes()
