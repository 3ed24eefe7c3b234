"""Masks that others drew come onto the image voxel for voxel, or are resampled and say so."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import highdicom as hd
import imageio.v3 as imageio
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_series import save_series
from pydicom.sr.codedict import codes

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.segments import Segment, labels_of, layers_of, overlapping, segments_of
from napari_samunet.io.volume import Volume

SHAPE = (5, 12, 14)


def block(z: slice, y: slice, x: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[z, y, x] = True
    return mask


FIRST = block(slice(1, 4), slice(2, 8), slice(3, 9))
SECOND = block(slice(2, 5), slice(5, 11), slice(6, 13))
LPS = np.diag([3.0, 0.8, 0.7, 1.0])[[2, 1, 0, 3]] * np.array([[-1], [-1], [1], [1]])


def test_segments_take_labels_apart_and_put_them_together_again() -> None:
    labels = np.random.default_rng(0).integers(0, 5, SHAPE).astype(np.uint16)
    segments = segments_of(labels, {3: "liver"})
    assert [segment.number for segment in segments] == [1, 2, 3, 4]
    assert segments[2].name == "liver"
    assert np.array_equal(labels_of(segments, SHAPE), labels)
    assert sum(segment.voxels for segment in segments) == (labels > 0).sum()


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha"])
def test_labels_on_the_grid_of_the_image_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    volume = Volume.from_array(np.zeros(SHAPE), affine=LPS)
    labels = np.where(SECOND, 5, np.where(FIRST, 2, 0)).astype(np.uint8)
    masks = read_masks(export_labels(labels, volume, tmp_path / name), volume)
    assert [segment.number for segment in masks.segments] == [2, 5]
    assert np.array_equal(labels_of(masks.segments, SHAPE), labels)
    assert not masks.notes


def test_labels_on_a_finer_and_turned_grid_are_resampled_with_a_warning(tmp_path: Path) -> None:
    """A grid three times as fine, stored in another order: the nearest voxel is the centre one."""
    volume = Volume.from_array(np.zeros(SHAPE), affine=LPS)
    fine = np.kron(FIRST, np.ones((3, 3, 3), np.uint8)).astype(np.uint8)
    affine = volume.affine.copy()
    affine[:3, :3] /= 3
    affine[:3, 3] -= affine[:3, :3].sum(axis=1)
    stored = fine.transpose(1, 0, 2)  # (i, j, k) = (y, z, x)
    nib.save(nib.Nifti1Image(stored, affine[:, [1, 0, 2, 3]]), tmp_path / "fine.nii")
    masks = read_masks(tmp_path / "fine.nii", volume)
    assert np.array_equal(masks.segments[0].mask(SHAPE), FIRST)
    assert masks.notes == (
        "fine.nii lies on another grid than the image and was resampled to the nearest voxel",
    )


def test_overlapping_layers_of_slicer_stay_objects_with_names_and_colours(tmp_path: Path) -> None:
    volume = Volume.from_array(np.zeros(SHAPE), affine=LPS)
    drawn = [
        Segment.of(1, "liver", FIRST, (0.5, 0.25, 1.0)),
        Segment.of(2, "tumour", SECOND, (1.0, 0.0, 0.0)),
    ]
    labels = labels_of(drawn, SHAPE)
    path = export_labels(labels, volume, tmp_path / "a.seg.nrrd", segments=drawn)
    header = sitk.ReadImage(str(path))
    assert header.GetNumberOfComponentsPerPixel() == 2
    assert header.GetMetaData("Segment1_Name") == "tumour"
    assert header.GetMetaData("Segment0_Color") == "0.5 0.25 1"
    found = read_masks(path, volume).segments
    assert [(s.name, s.color) for s in found] == [(s.name, s.color) for s in drawn]
    assert np.array_equal(found[0].mask(SHAPE), FIRST)
    assert np.array_equal(found[1].mask(SHAPE), SECOND)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_what_shows_where_objects_overlap_is_the_same_after_a_trip(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """The second overlaps both others, which therefore share a layer of the file."""
    volume = Volume.from_array(np.zeros(SHAPE), affine=LPS)
    rows = {1: slice(0, 5), 2: slice(3, 9), 3: slice(7, 12)}
    masks = {n: block(slice(1, 4), row, slice(3, 9)) for n, row in rows.items()}
    drawn = [Segment.of(n, f"part {n}", masks[n]) for n in order]
    labels = labels_of(drawn, SHAPE)
    path = export_labels(labels, volume, tmp_path / "a.seg.nrrd", segments=drawn)
    found = read_masks(path, volume).segments
    assert [(s.number, s.name) for s in found] == [(s.number, s.name) for s in drawn]
    assert np.array_equal(labels_of(found, SHAPE), labels)


def saved_layers(path: Path, layers: list[np.ndarray], words: dict[str, str]) -> Path:
    """Labels of 3D Slicer in several layers, with what it says of them."""
    image = sitk.GetImageFromArray(np.stack(layers, axis=-1).astype(np.uint8), isVector=True)
    for word, value in words.items():
        image.SetMetaData(word, value)
    sitk.WriteImage(image, str(path))
    return path


def test_a_number_that_two_layers_use_takes_no_other_objects_number(tmp_path: Path) -> None:
    layers = [np.where(FIRST, 1, 0), np.where(SECOND, 1, 0)]
    layers[0][0, 0, 0], layers[1][0, 0, 0] = 2, 3
    words = {}
    told = [("A", 1, 0), ("B", 2, 0), ("C", 1, 1), ("D", 3, 1)]
    for n, (name, number, layer) in enumerate(told):
        words |= {f"Segment{n}_Name": name, f"Segment{n}_LabelValue": str(number)}
        words[f"Segment{n}_Layer"] = str(layer)
    path = saved_layers(tmp_path / "a.seg.nrrd", layers, words)
    found = read_masks(path, Volume.from_array(np.zeros(SHAPE))).segments
    assert {s.name: s.number for s in found} == {"A": 1, "B": 2, "C": 4, "D": 3}


@pytest.mark.parametrize(("word", "value"), [("Layer", "x"), ("LabelValue", "²")])
def test_damaged_words_of_slicer_cost_a_name_and_no_voxel(
    tmp_path: Path, word: str, value: str
) -> None:
    words = {"Segment0_Name": "liver", "Segment0_LabelValue": "1", f"Segment0_{word}": value}
    path = saved_layers(tmp_path / "a.seg.nrrd", [FIRST, SECOND], words)
    found = read_masks(path, Volume.from_array(np.zeros(SHAPE))).segments
    assert [s.name for s in found] == ["object 1", "object 2"]
    assert np.array_equal(found[0].mask(SHAPE), FIRST)


def test_a_colour_of_slicer_that_is_nearly_none_is_kept(tmp_path: Path) -> None:
    words = {"Segment0_LabelValue": "1", "Segment0_Color": "1 0.5 5.55112e-17"}
    path = saved_layers(tmp_path / "a.seg.nrrd", [FIRST, SECOND], words)
    found = read_masks(path, Volume.from_array(np.zeros(SHAPE))).segments
    assert found[0].color == pytest.approx((1, 0.5, 0))


def test_many_small_objects_are_sorted_into_layers_as_fast_as_a_few() -> None:
    def taken(count: int) -> float:
        corners = np.argwhere(np.ones((40, 50, 1), bool))[:count].tolist()
        dot = np.ones((1, 1, 1), bool)
        segments = [Segment(n, "", dot, tuple(corner)) for n, corner in enumerate(corners, 1)]
        start = process_time()
        assert len(layers_of(segments)) == 1
        assert not overlapping(segments)
        return process_time() - start

    few = min(taken(200) for _ in range(5)) or 1 / 64  # as Windows counts it
    assert taken(1600) < 25 * few


@pytest.mark.parametrize("count", [3, 4])
def test_layers_of_bytes_are_objects_and_no_colours(tmp_path: Path, count: int) -> None:
    """As 3D Slicer writes three or four segments that overlap: each layer has its own label 1."""
    volume = Volume.from_array(np.zeros(SHAPE), affine=LPS)
    drawn = [block(slice(1, 4), slice(2 + n, 8 + n), slice(3, 9)) for n in range(count)]
    image = sitk.GetImageFromArray(np.stack(drawn, axis=-1).astype(np.uint8), isVector=True)
    image.SetSpacing((0.7, 0.8, 3.0))
    for n in range(count):
        for word, value in (("Name", f"part {n}"), ("LabelValue", "1"), ("Layer", str(n))):
            image.SetMetaData(f"Segment{n}_{word}", value)
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    found = read_masks(tmp_path / "a.nrrd", volume).segments
    assert [segment.name for segment in found] == [f"part {n}" for n in range(count)]
    for segment, mask in zip(found, drawn, strict=True):
        assert np.array_equal(segment.mask(SHAPE), mask)


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_dicom_masks_of_every_second_slice_reach_a_finer_image(tmp_path: Path, kind: str) -> None:
    """Masks on 6 mm slices, brought onto 3 mm ones of another in-plane spacing."""
    coarse = open_volume(save_series(tmp_path / "a", (4, 12, 14), spacing=(6.0, 0.8, 0.7)))
    mask = np.zeros((4, 12, 14), bool)
    mask[1:, 3:9, 4:10] = True
    path = export_labels(mask, coarse, tmp_path / "a.dcm", kind)
    fine = Volume.from_array(np.zeros((8, 24, 28)), affine=_half(coarse.affine))
    masks = read_masks(path, fine)
    found = masks.segments[0].mask(fine.shape)
    assert "nearest voxel" in masks.notes[0]
    assert set(np.flatnonzero(found.any(axis=(1, 2)))) == {2, 3, 4, 5, 6, 7}
    assert abs(found[2].sum() - 4 * mask[1].sum()) <= 0.1 * 4 * mask[1].sum()


def _half(affine: np.ndarray) -> np.ndarray:
    half = affine.copy()
    half[:3, :3] /= 2
    half[:3, 3] -= half[:3, :3].sum(axis=1) / 2
    return half


@pytest.mark.parametrize("kind", ["dicom-seg", "rtstruct"])
def test_masks_of_another_patient_warn_without_a_name(tmp_path: Path, kind: str) -> None:
    volume = open_volume(save_series(tmp_path / "a", SHAPE))
    path = export_labels(FIRST, volume, tmp_path / "a.dcm", kind)
    dataset = pydicom.dcmread(path)
    dataset.PatientID = "id-0815"
    dataset.save_as(path)
    (note,) = read_masks(path, volume).notes
    assert "another patient" in note
    assert "0815" not in note


@pytest.mark.parametrize("padding", [None, 0, 200])
def test_the_background_of_a_label_map_is_no_object(tmp_path: Path, padding: int | None) -> None:
    """Pixel Padding Value tells it (DICOM PS3.3 C.8.20.2)."""
    series = save_series(tmp_path / "a", SHAPE)
    kind = hd.seg.SegmentDescription(1, "liver", codes.SCT.Organ, codes.SCT.Liver, "MANUAL")
    images = [pydicom.dcmread(file) for file in sorted(series.iterdir())]
    maker = ("maker", "model", "1", "serial")
    seg = hd.seg.Segmentation(
        images, FIRST.astype(np.uint8), "LABELMAP", [kind], hd.UID(), 5, hd.UID(), 1, *maker
    )
    background = padding or 0
    seg.PixelData = np.where(seg.pixel_array, 1, background).astype(np.uint8).tobytes()
    seg.PixelPaddingValue = background
    if padding is None:
        del seg.PixelPaddingValue
    seg.save_as(tmp_path / "a.dcm")
    (found,) = read_masks(tmp_path / "a.dcm", open_volume(series)).segments
    assert found.name == "liver"
    assert np.array_equal(found.mask(SHAPE), FIRST)


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    volume = Volume.from_array(np.zeros(SHAPE))
    nib.save(nib.Nifti1Image(np.full(SHAPE[::-1], 0.5, np.float32), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(InputError, match="fractions"):
        read_masks(tmp_path / "a.nii", volume)
    series = open_volume(save_series(tmp_path / "a", SHAPE))
    path = export_labels(FIRST, series, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableFile, match=r"a\.dcm"):
        read_masks(path, series)


@pytest.mark.parametrize("start", ["# ITK-SnAP Label Description File\n", ""])
def test_a_list_of_names_is_told_where_it_belongs(tmp_path: Path, start: str) -> None:
    """Many keep ITK-SNAP's beside the masks that it names."""
    lines = '    0     0    0    0        0  0  0    "Clear Label"\n'
    lines += '    1   255    0    0        1  1  1    "Liver"\n'
    (tmp_path / "labels.txt").write_text(start + lines)
    with pytest.raises(UnreadableFile, match=r"a list of names.*More, Add names"):
        read_masks(tmp_path / "labels.txt", Volume.from_array(np.zeros(SHAPE)))


@pytest.mark.shared
def test_segmentations_of_dcmqi_are_the_labels_that_they_were_made_of(shared_data: Path) -> None:
    folder = shared_data / "dcmqi/segmentations"
    volume = open_volume(folder / "ct-3slice")
    liver = read_masks(folder / "liver.dcm", volume).segments
    wanted = read_masks(folder / "liver_seg.nrrd", volume).segments
    assert [segment.name for segment in liver] == ["Liver"]
    assert np.array_equal(liver[0].mask(volume.shape), wanted[0].mask(volume.shape))


@pytest.mark.shared
def test_overlapping_segments_of_dcmqi_stay_objects_of_their_own(shared_data: Path) -> None:
    folder = shared_data / "dcmqi/segmentations"
    volume = open_volume(folder / "ct-3slice")
    found = read_masks(folder / "partial_overlaps.dcm", volume).segments
    wanted = {
        segment.number: segment.mask(volume.shape)
        for n in (1, 2, 3)
        for segment in read_masks(folder / f"partial_overlaps-{n}.nrrd", volume).segments
    }
    assert len(found) == len(wanted) == 5
    for segment in found:
        assert np.array_equal(segment.mask(volume.shape), wanted[segment.number])


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["liver", "liver_expb", "liver_j2k", "liver_rle", "liver_deflate", "liver_nonbyte_aligned"]
    + [f"liver_nonbyte_aligned_{kind}" for kind in ("j2k", "rle", "deflate")],
)
def test_a_segmentation_is_the_same_however_it_was_stored(shared_data: Path, name: str) -> None:
    folder = shared_data / "dcmqi/segmentations"
    volume = open_volume(folder / "ct-3slice")
    wanted = read_masks(folder / "liver.dcm", volume).segments[0].mask(volume.shape)
    found = read_masks(shared_data / "pydicom-data" / f"{name}.dcm", volume).segments[0]
    assert np.array_equal(found.mask(volume.shape), wanted)


@pytest.mark.parametrize("placed", [False, True])
def test_a_picture_of_another_size_is_not_laid_on_pixel_by_pixel(
    tmp_path: Path, placed: bool
) -> None:
    drawn = np.zeros((20, 24), np.uint8)
    drawn[2:6, 3:9], drawn[15:, 20:] = 1, 2
    imageio.imwrite(tmp_path / "mask.png", drawn)
    imageio.imwrite(tmp_path / "image.png", np.zeros((10, 12), np.uint8))
    here = (
        Volume.from_array(np.zeros((1, 10, 12))) if placed else open_volume(tmp_path / "image.png")
    )
    masks = read_masks(tmp_path / "mask.png", here)
    assert "lies on another grid" in masks.notes[0]
    assert "object 2 holds no voxel of the image" in masks.notes[1]
    assert [segment.number for segment in masks.segments] == [1]
