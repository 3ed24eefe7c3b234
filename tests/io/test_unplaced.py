"""Masks of another radiograph, or of another frame of a film, are never laid on this one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_series import save_series
from pydicom.uid import ComputedRadiographyImageStorage, UltrasoundMultiFrameImageStorage

from napari_samunet.errors import UnsupportedImage
from napari_samunet.io.dicom_planes import plane_of
from napari_samunet.io.dicom_seg_pixels import frame_pixels
from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import Masks, read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume

SHAPE = (1, 20, 24)
FRAMES = 4


def without_place(folder: Path, storage: str, frames: int = 1) -> Path:
    """An image that states nothing of where it lies in the patient."""
    (file,) = save_series(folder, SHAPE).iterdir()
    image = pydicom.dcmread(file)
    for word in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
        delattr(image, word)
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = storage
    image.Modality = "OT"
    if frames > 1:
        image.NumberOfFrames = frames
        image.PixelData = image.PixelData * frames
    image.save_as(file)
    return file


def radiograph(folder: Path) -> Path:
    return without_place(folder, ComputedRadiographyImageStorage)


def film(folder: Path) -> Path:
    return without_place(folder, UltrasoundMultiFrameImageStorage, FRAMES)


def square(corner: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[0, corner : corner + 5, 3:9] = True
    return mask


def drawn(masks: Masks) -> np.ndarray:
    (segment,) = masks.segments
    return segment.mask(SHAPE)


def on_two_frames(first: Path, second: Path) -> None:
    """Put the frame of the second segmentation behind that of the first."""
    one, other = pydicom.dcmread(first), pydicom.dcmread(second)
    pixels = [frame_pixels(each, plane_of(first, each, 0)) for each in (one, other)]
    one.PerFrameFunctionalGroupsSequence += list(other.PerFrameFunctionalGroupsSequence)
    one.NumberOfFrames = 2
    one.PixelData = np.packbits(np.stack(pixels).ravel(), bitorder="little").tobytes()
    one.save_as(first)


def test_a_mask_comes_back_to_its_own_radiograph_and_to_no_other(tmp_path: Path) -> None:
    own, other = (open_volume(radiograph(tmp_path / name)) for name in "ab")
    path = export_labels(square(4), own, tmp_path / "mask.dcm")
    masks = read_masks(path, own)
    assert np.array_equal(drawn(masks), square(4))
    assert not masks.notes
    with pytest.raises(UnsupportedImage, match="another image, or another frame"):
        read_masks(path, other)


def test_a_mask_comes_back_to_its_own_frame_and_to_no_other(tmp_path: Path) -> None:
    file = film(tmp_path / "us")
    path = export_labels(square(4), open_volume(file, frame=2), tmp_path / "mask.dcm")
    assert np.array_equal(drawn(read_masks(path, open_volume(file, frame=2))), square(4))
    with pytest.raises(UnsupportedImage, match="open the one that it belongs to"):
        read_masks(path, open_volume(file, frame=1))


def test_of_masks_on_several_frames_only_those_of_this_one_are_taken(tmp_path: Path) -> None:
    file = film(tmp_path / "us")
    own, other = open_volume(file, frame=2), open_volume(file, frame=1)
    path = export_labels(square(4), own, tmp_path / "mask.dcm")
    on_two_frames(path, export_labels(square(12), other, tmp_path / "other.dcm"))
    for volume, wanted in ((own, square(4)), (other, square(12))):
        masks = read_masks(path, volume)
        assert np.array_equal(drawn(masks), wanted)
        (note,) = masks.notes
        assert note == "mask.dcm: 1 of its 2 frames belong to other images and were left out"


def test_a_file_that_names_its_images_for_all_frames_at_once_is_looked_up_there(
    tmp_path: Path,
) -> None:
    own, other = (open_volume(radiograph(tmp_path / name)) for name in "ab")
    path = export_labels(square(4), own, tmp_path / "mask.dcm")
    forget_images(path, "DerivationImageSequence")
    assert not read_masks(path, own).notes
    with pytest.raises(UnsupportedImage, match="another image"):
        read_masks(path, other)


def test_where_nothing_tells_what_a_mask_was_drawn_on_a_person_is_asked_to_look(
    tmp_path: Path,
) -> None:
    own = open_volume(radiograph(tmp_path / "a"))
    path = export_labels(square(4), own, tmp_path / "mask.dcm")
    (note,) = read_masks(path, Volume.from_array(own.array)).notes
    assert note == "nothing tells whether mask.dcm was drawn on this image: check that it was"
    forget_images(path, "DerivationImageSequence", "ReferencedSeriesSequence")
    assert read_masks(path, own).notes == (note,)


def forget_images(path: Path, *words: str) -> None:
    dataset = pydicom.dcmread(path)
    for part in (dataset, *dataset.PerFrameFunctionalGroupsSequence):
        for word in words:
            part.pop(word, None)
    dataset.save_as(path)
