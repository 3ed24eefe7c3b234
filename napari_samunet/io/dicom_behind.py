"""What lies behind a volume that came from DICOM: which instance each of its slices is.

A segmentation or a structure set belongs to the patient and the study of its images and refers to
them one by one. All of that is read from the headers of the source when it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.uid import generate_uid
from pydicom.valuerep import validate_value

from napari_samunet.errors import ExportRefused
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_planes import Plane, frame_count, plane_of
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume

PROGRAM = "napari-samunet"
"""What exported objects name as the software that made them."""

_PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
)
"""Attributes that an object of the same study repeats; the standard lets each of them be empty."""


@dataclass(frozen=True, eq=False)
class SeriesBehind:
    """The DICOM series that a volume came from.

    Attributes
    ----------
    planes : tuple of Plane
        One a slice of the volume, in its order.
    study, series, frame_of_reference : str
        Their UIDs. Files that were stripped of one get another, always the same for a series.
    """

    planes: tuple[Plane, ...]
    study: str
    series: str
    frame_of_reference: str

    @property
    def first(self) -> Any:
        """Header of the first slice."""
        return self.planes[0].dataset

    def patient_and_study(self, into: Dataset) -> None:
        """Repeat what ties an object to its patient and study; what is malformed becomes empty."""
        into.StudyInstanceUID = self.study
        for word in _PATIENT_AND_STUDY:
            value = text_of(self.first, word)
            setattr(into, word, value if _well_formed(word, value) else "")

    def instances(self) -> list[Dataset]:
        """References to every image of the series, each once."""
        references = (reference_to(plane) for plane in self.planes)
        return list({item.ReferencedSOPInstanceUID: item for item in references}.values())


def series_behind(volume: Volume, what: str) -> SeriesBehind:
    """Find the DICOM series behind a volume.

    Parameters
    ----------
    volume : Volume
    what : str
        The kind of object that refers to it, e.g. "DICOM SEG".

    Raises
    ------
    ExportRefused
        If the volume did not come from DICOM, its slices were resampled, or they cannot be
        referred to.
    """
    source = volume.source
    if source.kind != "dicom":
        raise ExportRefused(
            f"{what} refers to the DICOM series of the image, but this image came from "
            f"{source.path or 'an array'}: export to .nii.gz or .nrrd, or open the DICOM series "
            "and take the labels over there."
        )
    if len(source.slices) != volume.shape[0]:
        raise ExportRefused(
            f"{what} refers to the slices of a DICOM series, but those of this image "
            "were resampled, or unpacked from a mosaic: export to .nii.gz or .nrrd."
        )
    planes = tuple(plane_of(path, source.header[at], frame) for path, at, frame in source.slices)
    for plane in planes:
        if not (_instance(plane.dataset) and _class(plane.dataset)):
            raise ExportRefused(
                f"{what} refers to its images by UID, but {plane.path.name} states none: "
                "export to .nii.gz or .nrrd."
            )
    if len({_instance(plane.dataset) for plane in planes}) < len({p.path for p in planes}):
        raise ExportRefused(
            f"{what} refers to its images by UID, but several of these share one, as careless "
            "anonymising leaves them: export to .nii.gz or .nrrd."
        )
    first = planes[0].dataset
    return SeriesBehind(
        planes,
        _stated(first, "StudyInstanceUID"),
        _stated(first, "SeriesInstanceUID"),
        _stated(first, "FrameOfReferenceUID"),
    )


def not_empty(segments: Sequence[Segment], what: str) -> list[Segment]:
    """Segments with a voxel; ``what`` cannot hold others.

    Raises
    ------
    ExportRefused
        If there is none.
    """
    drawn = [segment for segment in segments if segment.voxels]
    if not drawn:
        raise ExportRefused(f"{what} needs at least one voxel, but the labels are empty.")
    return drawn


def reference_to(plane: Plane) -> Dataset:
    """Name the instance of a plane by class and UID."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = _class(plane.dataset)
    reference.ReferencedSOPInstanceUID = _instance(plane.dataset)
    return reference


def frame_number(plane: Plane) -> int | None:
    """Number from 1 of a frame in its file, None where the file is a single image."""
    return plane.frame + 1 if frame_count(plane.dataset) > 1 else None


def _stated(dataset: Any, word: str) -> str:
    seed = text_of(dataset, "SeriesInstanceUID") or _instance(dataset)
    return text_of(dataset, word) or str(generate_uid(entropy_srcs=[word, seed]))


def _instance(dataset: Any) -> str:
    return text_of(dataset, "SOPInstanceUID") or _meta(dataset, "MediaStorageSOPInstanceUID")


def _class(dataset: Any) -> str:
    return text_of(dataset, "SOPClassUID") or _meta(dataset, "MediaStorageSOPClassUID")


def _meta(dataset: Any, word: str) -> str:
    meta = getattr(dataset, "file_meta", None)
    return "" if meta is None else text_of(meta, word)


def _well_formed(word: str, value: str) -> bool:
    if word == "PatientSex":
        return value in ("M", "F", "O")
    if not word.endswith(("Date", "Time")):
        return "\\" not in value
    try:
        validate_value(dictionary_VR(word), value, RAISE)
    except ValueError:
        return False
    return "-" not in value  # a range, which only a query may name
