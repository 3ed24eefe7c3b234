"""Masks that exist already → segments on a volume, whatever they were written as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
from nibabel.filebasedimages import ImageFileError
from nibabel.nifti1 import intent_codes
from nibabel.spatialimages import HeaderDataError
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from napari_samunet.errors import ChoiceNeeded, SamUNetError, UnreadableFile
from napari_samunet.io.caret_words import caret_words
from napari_samunet.io.dicom_files import read_header, text_of
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.labels import whole_numbers
from napari_samunet.io.losses import Landed, note_of_resampling, notes_of_losses, outside_by_number
from napari_samunet.io.open import kind_of, open_volume
from napari_samunet.io.paths import is_file, is_folder
from napari_samunet.io.plane_stack import Stack
from napari_samunet.io.regrid import onto, same_grid
from napari_samunet.io.segments import Segment, default_name
from napari_samunet.io.slicer_words import slicer_words
from napari_samunet.io.volume import Volume
from napari_samunet.io.words import Words
from napari_samunet.types import UInt16Array

_SEGMENTATIONS = (SegmentationStorage, "1.2.840.10008.5.1.4.1.1.66.7")  # the second: label maps
_NAMED = re.compile(rb'^[ \t]*\d+(?:[ \t]+[\d.]+){6}[ \t]+"', re.MULTILINE)
"""A line of ITK-SNAP's label descriptions: number, colour, what is shown of it, name."""
_START = 4096


@dataclass(frozen=True, eq=False)
class Masks:
    """What a file holds of masks.

    Attributes
    ----------
    segments : tuple of Segment
        On the grid of the volume that they were read for; each has at least one voxel.
    notes : tuple of str
        What a person should know, one plain line each: that they were resampled, or left out.
    """

    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()


def read_masks(path: str | Path, volume: Volume) -> Masks:
    """Read masks to be corrected, and bring them onto the grid of a volume.

    Parameters
    ----------
    path : str or Path
        Labels as NIfTI, NRRD (``.seg.nrrd`` with names too), MetaImage or a picture; DICOM SEG;
        DICOM RTSTRUCT.
    volume : Volume
        The image that they belong to. Masks on another grid are resampled to the nearest voxel,
        and a note says so; another names the objects that lie outside, wholly or in part.

    Raises
    ------
    UnreadableFile, UnsupportedImage
        If the file is damaged, holds no masks, or only masks of another frame or radiograph.
    InputError
        If labels are no whole numbers of 0 to 65535.
    """
    path = Path(path).expanduser()
    _check_no_names(path)
    if _is_dicom_masks(path):
        return _from_dicom(path, volume)
    placed: list[tuple[int | None, Landed]] = []
    notes = []
    for found in _layers(path):
        labels = whole_numbers(path, found.array)
        words = _words(found)
        if _on_grid(found, volume):
            landed = [Landed(segment, segment.voxels, 0) for segment in words.segments(labels)]
        else:
            landed = _resampled(labels, found, volume, words)
            notes = [note_of_resampling(path.name)]
        placed += [(words.places.get(item.segment.number), item) for item in landed]
    landed = _in_order(placed)
    segments = [item.segment for item in landed if item.segment.voxels]
    notes += notes_of_losses(path.name, landed)
    return Masks(tuple(_renumbered(segments)), tuple(notes))


def _resampled(
    labels_zyx: UInt16Array, found: Volume, volume: Volume, words: Words
) -> list[Landed]:
    """Bring the labels of a file onto a volume, and tell what became of each."""
    moved = onto(labels_zyx, found.affine, volume)
    there = {s.number: s for s in words.segments(moved)}
    grid = Stack(found.affine, np.arange(found.shape[0], dtype=float), usual=1.0)
    lost = outside_by_number(labels_zyx, grid, volume)
    return [
        Landed(there.get(s.number, replace(s, crop=s.crop[:0])), s.voxels, int(lost[s.number]))
        for s in words.segments(labels_zyx)
    ]


def holds_masks(path: Path) -> bool:
    """Whether a file says that it is masks: DICOM SEG or RTSTRUCT, 3D Slicer's NRRD, NIfTI labels.

    Cheap, and False for what cannot be read: opening it tells why.
    """
    try:
        if _is_dicom_masks(path):
            return True
        if path.name.lower().endswith((".seg.nrrd", ".seg.nhdr")):
            return True
        return kind_of(path) == "nifti" and _is_nifti_labels(path)
    except SamUNetError:
        return False


def _check_no_names(path: Path) -> None:
    """Refuse a label description of ITK-SNAP, which many keep beside the masks."""
    if not is_file(path):
        return
    with suppress(OSError), path.open("rb") as file:
        if _NAMED.search(file.read(_START)):
            raise UnreadableFile(
                f"{path} is a list of names, and masks were wanted: load it under More, Add names, "
                "or with read_label_set and Session.add_label_set."
            )


def _is_nifti_labels(path: Path) -> bool:
    try:
        header: Any = nib.load(path).header
        return int(header["intent_code"]) == intent_codes["label"]
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError):
        return False


def _is_dicom_masks(path: Path) -> bool:
    if is_folder(path) or kind_of(path) != "dicom":
        return False
    return text_of(read_header(path), "SOPClassUID") in (*_SEGMENTATIONS, RTStructureSetStorage)


def _from_dicom(path: Path, volume: Volume) -> Masks:
    from napari_samunet.io.dicom_origin import with_origins
    from napari_samunet.io.dicom_seg_read import read_dicom_seg
    from napari_samunet.io.rtstruct_read import read_rtstruct

    with lenient():
        try:
            dataset = pydicom.dcmread(path, force=True)
            read = read_dicom_seg if dataset.SOPClassUID in _SEGMENTATIONS else read_rtstruct
            segments, notes = read(path, dataset, volume)
            segments = with_origins(segments, dataset)
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            if isinstance(error, SamUNetError):
                raise
            raise UnreadableFile(
                f"{path} has a damaged DICOM header ({type(error).__name__}): export it again."
            ) from None
        except MemoryError:
            raise UnreadableFile(
                f"{path} holds masks that need more memory than there is: export them again, "
                "on the slices of this image."
            ) from None
    return Masks(tuple(segments), (*_strangers(path, dataset, volume), *notes))


def _strangers(path: Path, dataset: Any, volume: Volume) -> list[str]:
    """Warn of masks of somebody else, without a word of who it is."""
    if volume.source.kind != "dicom":
        return []
    image, notes = volume.source.header[0], []
    references = dataset.get("ReferencedFrameOfReferenceSequence") or [dataset]
    for what, one, other in (
        ("another patient", text_of(dataset, "PatientID"), text_of(image, "PatientID")),
        (
            "another frame of reference",
            text_of(references[0], "FrameOfReferenceUID"),
            text_of(image, "FrameOfReferenceUID"),
        ),
    ):
        if one and other and one != other:
            notes.append(
                f"{path.name} states {what} than the image: check that they belong together"
            )
    return notes


def _layers(path: Path) -> Iterator[Volume]:
    """The label images of a file: overlapping segments lie in several."""
    try:
        yield open_volume(path)
    except ChoiceNeeded as several:
        for frame in range(len(several.choices)):
            yield open_volume(path, frame=frame)


def _on_grid(found: Volume, volume: Volume) -> bool:
    if "picture" in (found.source.kind, volume.source.kind) and found.shape == volume.shape:
        return True  # a picture states no place
    return same_grid(found.shape, found.affine, volume)


def _words(found: Volume) -> Words:
    """What a file says of the labels that were read from it."""
    source = found.source
    frame = (source.opened or {}).get("frame")
    if source.kind == "nifti":
        return caret_words(source.header, frame or 0)
    return slicer_words(source.header["metadata"], frame) if source.kind == "sitk" else Words()


def _in_order(placed: list[tuple[int | None, Landed]]) -> list[Landed]:
    """Put objects in the order of their places, which tells what shows where they overlap,
    whichever layers they lie in; by number where some have a place and some have none.
    """
    places = [place for place, _ in placed]
    if all(place is None for place in places):
        return [item for _, item in placed]
    if None in places:
        return sorted((item for _, item in placed), key=lambda item: item.segment.number)
    return [item for _, item in sorted(placed, key=itemgetter(0))]


def _renumbered(segments: list[Segment]) -> list[Segment]:
    """Layers may use a number twice; later ones get the next that is free in the file."""
    numbers = {segment.number for segment in segments}
    free = (number for number in count(1) if number not in numbers)
    used: set[int] = set()
    result = []
    for segment in segments:
        number, name = segment.number, segment.name
        if number in used:
            number = next(free)
            name = default_name(number) if name == default_name(segment.number) else name
        used.add(number)
        result.append(replace(segment, number=number, name=name))
    return result
