"""DICOM that we write is the mask that was drawn, whoever reads it, and belongs to its images."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tracemalloc
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_series import PATIENT, PATIENT_ID, save_series
from dicom_slice import COLUMNS, ROWS, save_slice
from held_files import files_no_longer_than
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from skimage.draw import polygon2mask

from napari_samunet.errors import ExportRefused
from napari_samunet.io.anatomy import coded
from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.origin import BY_HAND, Algorithm
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume

SHAPE = (4, 20, 24)
FORMATS = ("dicom-seg", "rtstruct")


def two_objects(shape: tuple[int, int, int] = SHAPE) -> list[Segment]:
    """A ring with a lone pixel beside it, and a block that overlaps it and misses a slice."""
    z, y, x = np.indices(shape)
    distance = (y - shape[1] / 2) ** 2 + (x - shape[2] / 2) ** 2
    ring = (distance < (shape[1] / 2.5) ** 2) & (distance > 9)
    ring[0, 0, 0] = True
    block = (y > 2) & (y < shape[1] - 4) & (x > shape[2] // 2) & (z != 1)
    made_by = Algorithm("builtin", "0.1.0", "ab12")
    return [
        Segment.of(1, "Liver", ring, (0.9, 0.2, 0.1), made_by),
        Segment.of(7, "left kidney", block, (0.1, 0.2, 0.9), origin=BY_HAND),
    ]


def labels_of(segments: list[Segment], shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    labels = np.zeros(shape, np.uint16)
    for segment in segments:
        labels[segment.mask(shape)] = segment.number
    return labels


def exported(folder: Path, volume: Volume, kind: str) -> Path:
    segments = two_objects(volume.shape)
    labels = labels_of(segments, volume.shape)
    return export_labels(labels, volume, folder / f"{kind}.dcm", kind, segments=segments)


def masks_by_highdicom(path: Path, volume: Volume) -> list[np.ndarray]:
    """Masks by image instance, put in the order of the volume's slices."""
    seg = hd.seg.segread(path)
    uids = [header.SOPInstanceUID for header in volume.source.header]
    stacked = seg.get_pixels_by_source_instance(
        uids, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    return [stacked[..., n].astype(bool) for n in range(stacked.shape[-1])]


def masks_by_pixel_centres(path: Path, volume: Volume) -> list[np.ndarray]:
    """Fill the contours of every image with scikit-image, found by instance."""
    dataset = pydicom.dcmread(path)
    places = {h.SOPInstanceUID: z for z, h in enumerate(volume.source.header)}
    to_index = np.linalg.inv(volume.affine)
    found = []
    for roi in dataset.ROIContourSequence:
        mask = np.zeros(volume.shape, bool)
        for contour in roi.ContourSequence:
            z = places[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            points = np.array(contour.ContourData, float).reshape(-1, 3) * (-1, -1, 1)
            index = points @ to_index[:3, :3].T + to_index[:3, 3]
            np.testing.assert_allclose(index[:, 0], z, atol=1e-4)
            mask[z] ^= polygon2mask(volume.shape[1:], index[:, 1:])
        found.append(mask)
    return found


READERS = {"dicom-seg": masks_by_highdicom, "rtstruct": masks_by_pixel_centres}


@pytest.mark.parametrize("kind", FORMATS)
def test_overlapping_objects_come_back_voxel_for_voxel(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct", SHAPE))
    path = exported(tmp_path, volume, kind)
    wanted = [segment.mask(SHAPE) for segment in two_objects()]
    for found in (
        READERS[kind](path, volume),
        [segment.mask(SHAPE) for segment in read_masks(path, volume).segments],
    ):
        assert len(found) == len(wanted)
        assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


@settings(max_examples=12, deadline=None)
@given(
    turns=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(st.floats(0.5, 6), st.floats(0.2, 2), st.floats(0.2, 2)),
    shape=st.tuples(st.integers(1, 4), st.integers(9, 20), st.integers(9, 20)),
    kind=st.sampled_from(FORMATS),
)
def test_any_series_gets_its_masks_back(
    tmp_path_factory: pytest.TempPathFactory,
    turns: tuple[float, ...],
    spacing: tuple[float, ...],
    shape: tuple[int, int, int],
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("series")
    turn = Rotation.from_euler("xyz", turns, degrees=True).as_matrix()
    volume = open_volume(save_series(folder / "ct", shape, turn, spacing))
    path = exported(folder, volume, kind)
    wanted = [s.mask(shape) for s in two_objects(shape) if s.voxels]
    for found in (
        READERS[kind](path, volume),
        [segment.mask(shape) for segment in read_masks(path, volume).segments],
    ):
        assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("turns", [(0, 0, 0), (170, 10, 30)])
def test_highdicom_finds_every_voxel_at_its_place_in_the_patient(
    tmp_path: Path, turns: tuple[float, ...]
) -> None:
    turn = Rotation.from_euler("xyz", turns, degrees=True).as_matrix()
    volume = open_volume(save_series(tmp_path / "ct", SHAPE, turn, (3.0, 0.7, 0.7)))
    found = hd.seg.segread(exported(tmp_path, volume, "dicom-seg")).get_volume(segment_numbers=[1])
    drawn = np.argwhere(two_objects()[0].mask(SHAPE))
    ras = drawn @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    index = found.map_reference_to_indices(ras * (-1, -1, 1))
    np.testing.assert_allclose(index, np.rint(index), atol=1e-2)
    mask = np.zeros(found.array.shape[:3], bool)
    mask[tuple(np.rint(index).astype(int).T)] = True
    np.testing.assert_array_equal(found.array[..., 0] > 0, mask)


def test_names_codes_colours_and_the_model_are_in_the_segmentation(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    liver, kidney = pydicom.dcmread(exported(tmp_path, volume, "dicom-seg")).SegmentSequence
    assert (liver.SegmentLabel, kidney.SegmentLabel) == ("Liver", "left kidney")
    kind = kidney.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("64033007", "SCT")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert (liver.SegmentAlgorithmType, kidney.SegmentAlgorithmType) == ("SEMIAUTOMATIC", "MANUAL")
    algorithm = liver.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("builtin", "0.1.0")
    assert len(liver.RecommendedDisplayCIELabValue) == 3


def test_names_and_colours_are_in_the_structure_set(tmp_path: Path) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    dataset = pydicom.dcmread(exported(tmp_path, volume, "rtstruct"))
    assert [roi.ROIName for roi in dataset.StructureSetROISequence] == ["Liver", "left kidney"]
    assert list(dataset.ROIContourSequence[0].ROIDisplayColor) == [230, 51, 26]
    assert dataset.StructureSetROISequence[0].ROIGenerationDescription == "builtin 0.1.0"


@pytest.mark.parametrize("kind", FORMATS)
def test_the_object_belongs_to_patient_study_and_images(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    dataset = pydicom.dcmread(exported(tmp_path, volume, kind))
    image = volume.source.header[0]
    assert (dataset.PatientName, dataset.PatientID) == (PATIENT, PATIENT_ID)
    assert dataset.StudyInstanceUID == image.StudyInstanceUID
    assert dataset.SeriesInstanceUID != image.SeriesInstanceUID
    assert dataset.FrameOfReferenceUID == image.FrameOfReferenceUID
    if kind == "dicom-seg":
        series = dataset.ReferencedSeriesSequence[0]
        references = series.ReferencedInstanceSequence
    else:
        frame = dataset.ReferencedFrameOfReferenceSequence[0]
        series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
        references = series.ContourImageSequence
    assert series.SeriesInstanceUID == image.SeriesInstanceUID
    instances = [reference.ReferencedSOPInstanceUID for reference in references]
    assert instances == [header.SOPInstanceUID for header in volume.source.header]


@pytest.mark.parametrize("kind", FORMATS)
def test_an_image_that_did_not_come_from_dicom_is_refused_with_the_alternative(
    tmp_path: Path, kind: str
) -> None:
    volume = Volume.from_array(np.zeros(SHAPE))
    with pytest.raises(ExportRefused, match=r"came from an array: export to \.nii\.gz or \.nrrd"):
        exported(tmp_path, volume, kind)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", FORMATS)
def test_empty_labels_are_no_dicom_object(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    with pytest.raises(ExportRefused, match="at least one voxel"):
        export_labels(np.zeros(SHAPE, int), volume, tmp_path / "a.dcm", kind)


@pytest.mark.parametrize("radius", [0.5, 1, 2, 5, 18, 60])
def test_a_structure_of_any_size_is_the_identical_mask(tmp_path: Path, radius: float) -> None:
    shape = (1, 140, 150)
    volume = open_volume(save_series(tmp_path / "ct", shape))
    _, y, x = np.indices(shape)
    disc = (y - 70) ** 2 + (x - 71) ** 2 <= radius**2
    path = export_labels(disc, volume, tmp_path / "a.dcm", "rtstruct")
    assert np.array_equal(masks_by_pixel_centres(path, volume)[0], disc)
    assert np.array_equal(read_masks(path, volume).segments[0].mask(shape), disc)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("date", "time"),
    [("1994.11.05", "12:15:00"), ("19941105-19950101", "1215-1300"), ("unknown", "noon")],
)
def test_dates_and_times_as_they_were_written_long_ago_become_empty(
    tmp_path: Path, kind: str, date: str, time: str
) -> None:
    folder = save_series(tmp_path / "ct")
    for file in folder.iterdir():
        image = pydicom.dcmread(file)
        image["StudyDate"]._value, image["StudyTime"]._value = date, time
        image.save_as(file)
    found = pydicom.dcmread(exported(tmp_path, open_volume(folder), kind))
    assert (found.StudyDate, found.StudyTime) == ("", "")
    assert (found.PatientBirthDate, found.PatientID) == ("19610412", PATIENT_ID)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is missing")
@pytest.mark.parametrize("kind", FORMATS)
def test_the_object_keeps_to_the_standard(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    assert not _complaints(exported(tmp_path, volume, kind))


@pytest.mark.shared
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is missing")
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("source", "frame"),
    [
        ("totalsegmentator/example_ct_dicom", None),
        ("dcmqi/paramaps/pm-example-dcm", None),
        ("dcmqi/segmentations/ct-3slice", None),
        ("dicom2nifti/philips_enhanced/fmri/001", 2),
        ("dcm_qa_uih/DTI_132225/t1_gre_fsp_3d_sag__132750", None),
        ("pydicom-data/MR-SIEMENS-DICOM-WithOverlays.dcm", None),
    ],
)
def test_objects_of_real_series_keep_to_the_standard_and_come_back(
    tmp_path: Path, shared_data: Path, source: str, frame: int | None, kind: str
) -> None:
    volume = open_volume(shared_data / source, frame=frame)
    path = exported(tmp_path, volume, kind)
    assert not _complaints(path)
    wanted = [segment.mask(volume.shape) for segment in two_objects(volume.shape)]
    found = [segment.mask(volume.shape) for segment in read_masks(path, volume).segments]
    assert all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


def _complaints(path: Path) -> list[str]:
    answer = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
    lines = (answer.stdout + answer.stderr).splitlines()
    assert any("Segmentation" in line or "RTStructureSet" in line for line in lines)
    return [line for line in lines if line.startswith("Error")]


def test_every_code_of_the_table_is_one_of_the_standard(tmp_path: Path) -> None:
    from pydicom.sr.codedict import codes

    from napari_samunet.io import anatomy

    known = {getattr(codes.SCT, name).value for name in dir(codes.SCT) if name[0].isupper()}
    for category, kind in anatomy._table().values():
        assert kind.value in known, kind
        assert category.value in known, category


@pytest.mark.parametrize(
    ("name", "meaning", "side"),
    [
        ("Liver", "Liver", None),
        ("left Kidney 2", "Kidney", "Left"),
        ("lungs", "Lung", None),
        ("right_atrium", "Right atrium", None),
        ("tumour", "Neoplasm", None),
        ("object 3", "Tissue", None),
        ("", "Tissue", None),
    ],
)
def test_a_name_finds_its_code(name: str, meaning: str, side: str | None) -> None:
    found = coded(name)
    assert found.type.meaning == meaning
    assert (found.side.meaning if found.side else None) == side


@pytest.mark.parametrize("kind", FORMATS)
def test_images_that_share_a_uid_are_not_referred_to(tmp_path: Path, kind: str) -> None:
    for path in save_series(tmp_path / "ct", SHAPE).iterdir():
        image = pydicom.dcmread(path)
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = "1.2.9"
        image.save_as(path)
    volume = open_volume(tmp_path / "ct")
    assert volume.shape == SHAPE
    with pytest.raises(ExportRefused, match=r"several of these share one.*\.nii\.gz"):
        exported(tmp_path, volume, kind)
    assert export_labels(labels_of(two_objects()), volume, tmp_path / "a.nii.gz").is_file()


def test_objects_that_overlap_in_one_voxel_cost_no_array_of_all_masks(tmp_path: Path) -> None:
    shape = (3, 256, 256)
    volume = open_volume(save_series(tmp_path / "ct", shape))
    blocks = [
        Segment(n + 1, f"block {n}", np.ones((3, 4, 4), bool), (0, 4 * n, 8)) for n in range(60)
    ]
    blocks[1] = Segment(2, "block 1", np.ones((3, 4, 4), bool), (0, 3, 11))
    tracemalloc.start()
    path = export_labels(
        labels_of(blocks, shape), volume, tmp_path / "a.dcm", "dicom-seg", segments=blocks
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(blocks) * np.prod(shape)  # a byte for each voxel of each object
    assert pydicom.dcmread(path).SegmentsOverlap == "YES"
    for found, wanted in zip(read_masks(path, volume).segments, blocks, strict=True):
        assert np.array_equal(found.mask(shape), wanted.mask(shape))


def test_a_lack_of_memory_is_told_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    path = exported(tmp_path, volume, "dicom-seg")
    before = path.read_bytes()

    def too_large(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("napari_samunet.io.dicom_seg.packed_bits", too_large)
    with pytest.raises(ExportRefused, match=r"needs more memory.*close other programs"):
        exported(tmp_path, volume, "dicom-seg")
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", FORMATS)
def test_a_disk_that_fills_up_is_told_in_the_systems_words_alone(tmp_path: Path, kind: str) -> None:
    """The library that writes DICOM tells the element, and where in its code it was."""
    volume = open_volume(save_series(tmp_path / "ct", (3, 200, 240)))
    path = exported(tmp_path, volume, kind)
    before = path.read_bytes()
    with files_no_longer_than(9000), pytest.raises(ExportRefused) as caught:
        exported(tmp_path, volume, kind)
    assert f"cannot be written ({os.strerror(errno.EFBIG)}): choose" in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", FORMATS)
def test_a_model_whose_name_holds_a_backslash_keeps_one_name(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    segments = [replace(s, algorithm=Algorithm("a\\b", "1")) for s in two_objects()]
    path = export_labels(
        labels_of(two_objects()), volume, tmp_path / "a.dcm", kind, segments=segments
    )
    origins = [segment.origin for segment in read_masks(path, volume).segments]
    assert all(origin.algorithm.startswith("a/b") for origin in origins)


@pytest.mark.parametrize("kind", FORMATS)
def test_masks_of_unknown_origin_are_not_said_to_be_drawn_by_hand(
    tmp_path: Path, kind: str
) -> None:
    volume = open_volume(save_series(tmp_path / "ct"))
    labels = labels_of(two_objects())
    path = export_labels(labels, volume, tmp_path / "a.dcm", kind)
    dataset = pydicom.dcmread(path)
    if kind == "rtstruct":
        assert {roi.ROIGenerationAlgorithm for roi in dataset.StructureSetROISequence} == {""}
    else:
        told = {(s.SegmentAlgorithmType, s.SegmentAlgorithmName) for s in dataset.SegmentSequence}
        assert told == {("SEMIAUTOMATIC", "unknown origin")}
    assert {segment.origin.kind for segment in read_masks(path, volume).segments} == {""}


def test_a_contour_on_an_image_of_several_frames_names_its_frame(tmp_path: Path) -> None:
    frames = [pydicom.Dataset() for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.PlanePositionSequence = [pydicom.Dataset()]
        frame.PlanePositionSequence[0].ImagePositionPatient = [10, 20, 30 + 3 * number]
    path = save_slice(
        tmp_path / "ct",
        0,
        NumberOfFrames=3,
        ImagePositionPatient=None,
        PerFrameFunctionalGroupsSequence=frames,
        PixelData=np.arange(3 * ROWS * COLUMNS, dtype=np.uint16).tobytes(),
    )
    volume = open_volume(path)
    labels = np.zeros(volume.shape, np.uint8)
    labels[1:, 1:3, 2:5] = 1
    dataset = pydicom.dcmread(export_labels(labels, volume, tmp_path / "a.dcm", "rtstruct"))
    named = [
        (float(contour.ContourData[2]), contour.ContourImageSequence[0].ReferencedFrameNumber)
        for contour in dataset.ROIContourSequence[0].ContourSequence
    ]
    assert named == [(33, 2), (36, 3)]
