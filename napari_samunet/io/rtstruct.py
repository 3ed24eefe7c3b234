"""Segments → DICOM RT Structure Set: closed contours that planning systems read.

Contours run between pixels, in the plane of the image that they were drawn on, so that filling them
by pixel centres gives the mask back exactly; a hole is joined by a keyhole.
Standard: DICOM PS3.3 A.19 (RT Structure Set IOD), C.8.8.5 and C.8.8.6 (its modules).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from napari_samunet import __version__
from napari_samunet.errors import ExportRefused
from napari_samunet.io.contours import contours_of
from napari_samunet.io.dicom_behind import (
    PROGRAM,
    SeriesBehind,
    frame_number,
    not_empty,
    reference_to,
    series_behind,
)
from napari_samunet.io.dicom_origin import tell_observation, tell_roi
from napari_samunet.io.dicom_planes import Plane
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.names import value_of
from napari_samunet.io.segments import Segment, color_or_default, default_name
from napari_samunet.io.volume import Volume
from napari_samunet.types import FloatArray

_SERIES_NUMBER = 901
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management: retired, but what the module asks a study to be referred to as."""
_LONGEST_NAME = 64


def write_rtstruct(segments: Sequence[Segment], volume: Volume, path: Path) -> None:
    """Write segments as one RT Structure Set.

    Parameters
    ----------
    segments : sequence of Segment
        Those without a voxel are left out; numbers stay.
    volume : Volume
        From DICOM: its instances are referred to, and its patient and study repeated.
    path : Path

    Raises
    ------
    ExportRefused
        If there is nothing to write, or the volume has no DICOM instances in space to refer to.
    """
    behind = series_behind(volume, "RTSTRUCT")
    if not all(plane.is_placed for plane in behind.planes):
        raise ExportRefused(
            "RTSTRUCT lies in the patient's space, but the image states no position "
            "there: export as DICOM SEG or to .nrrd."
        )
    drawn = not_empty(segments, "RTSTRUCT")
    with lenient():
        _structure_set(path, behind, drawn).save_as(path, enforce_file_format=True)


def _structure_set(path: Path, behind: SeriesBehind, segments: list[Segment]) -> FileDataset:
    dataset = _begun(path)
    behind.patient_and_study(dataset)
    now = datetime.now()
    dataset.InstanceCreationDate = dataset.StructureSetDate = now.strftime("%Y%m%d")
    dataset.InstanceCreationTime = dataset.StructureSetTime = now.strftime("%H%M%S")
    dataset.StructureSetLabel = "SEGMENTATION"
    dataset.FrameOfReferenceUID = behind.frame_of_reference
    dataset.PositionReferenceIndicator = ""
    dataset.ReferencedFrameOfReferenceSequence = [_frame_of_reference(behind)]
    dataset.StructureSetROISequence = [_roi(segment, behind) for segment in segments]
    dataset.ROIContourSequence = [_roi_contour(segment, behind) for segment in segments]
    dataset.RTROIObservationsSequence = [_observation(segment) for segment in segments]
    return dataset


def _begun(path: Path) -> FileDataset:
    """A file with the words that say what it is and who made it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    # With explicit lengths of 16 bits a long contour would not fit.
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = RTStructureSetStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.SeriesInstanceUID = "RTSTRUCT", generate_uid()
    dataset.SeriesNumber, dataset.InstanceNumber = _SERIES_NUMBER, 1
    dataset.SeriesDescription, dataset.OperatorsName = "Segmentation", ""
    dataset.Manufacturer = dataset.ManufacturerModelName = PROGRAM
    dataset.SoftwareVersions = __version__
    return dataset


def _frame_of_reference(behind: SeriesBehind) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = behind.series
    series.ContourImageSequence = behind.instances()
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_CLASS, behind.study
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = behind.frame_of_reference
    frame.RTReferencedStudySequence = [study]
    return frame


def _roi(segment: Segment, behind: SeriesBehind) -> Dataset:
    roi = Dataset()
    roi.ROINumber = segment.number
    roi.ReferencedFrameOfReferenceUID = behind.frame_of_reference
    roi.ROIName = value_of(segment.name, _LONGEST_NAME) or default_name(segment.number)
    tell_roi(roi, segment)
    return roi


def _roi_contour(segment: Segment, behind: SeriesBehind) -> Dataset:
    roi = Dataset()
    roi.ROIDisplayColor = [round(255 * part) for part in color_or_default(segment.color)]
    roi.ReferencedROINumber = segment.number
    roi.ContourSequence = list(_contours(segment, behind))
    return roi


def _contours(segment: Segment, behind: SeriesBehind) -> Iterator[Dataset]:
    _, top, left = segment.corner
    for z in segment.slices:
        plane = behind.planes[z]
        image = reference_to(plane)
        if frame_number(plane) is not None:
            image.ReferencedFrameNumber = frame_number(plane)
        for vertices_rc in contours_of(segment.crop[z - segment.corner[0]]):
            contour = Dataset()
            contour.ContourImageSequence = [image]
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(vertices_rc)
            points = _in_patient(np.add(vertices_rc, (top, left)), plane)
            contour.ContourData = [f"{millimetre:.10g}" for millimetre in points.ravel()]
            yield contour


def _in_patient(vertices_rc: FloatArray, plane: Plane) -> FloatArray:
    """(row, column) of a plane → LPS mm, shape (N, 3)."""
    rows, columns = plane.spacing or (1.0, 1.0)
    along_row, along_column = np.asarray(plane.directions)
    return (
        plane.position
        + vertices_rc[:, 1:] * columns * along_row
        + vertices_rc[:, :1] * rows * along_column
    )


def _observation(segment: Segment) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = segment.number
    observation.RTROIInterpretedType = observation.ROIInterpreter = ""
    tell_observation(observation, segment)
    return observation
