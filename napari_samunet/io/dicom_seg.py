"""Segments → DICOM Segmentation, through highdicom.

Binary, one segment an object, overlaps kept; every frame refers to the image that it was drawn on.
Standard: DICOM PS3.3 A.51 (Segmentation IOD), C.8.20 (its modules).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from napari_samunet.io.anatomy import coded
from napari_samunet.io.dicom_behind import (
    PROGRAM,
    SeriesBehind,
    frame_number,
    not_empty,
    reference_to,
    series_behind,
    software_version,
)
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_planes import Plane
from napari_samunet.io.names import value_of
from napari_samunet.io.quiet import silent_log
from napari_samunet.io.segments import Color, Segment, labels_of, overlapping
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray

_SERIES_NUMBER = 900
_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
_LONGEST_LABEL = 64


def write_dicom_seg(segments: Sequence[Segment], volume: Volume, path: Path) -> None:
    """Write segments as one DICOM Segmentation.

    Parameters
    ----------
    segments : sequence of Segment
        Those without a voxel are left out.
    volume : Volume
        From DICOM: its instances are referred to, and its patient and study repeated.
    path : Path

    Raises
    ------
    ExportRefused
        If there is nothing to write, or the volume has no DICOM instances to refer to.
    """
    behind = series_behind(volume, "DICOM SEG")
    drawn = not_empty(segments, "DICOM SEG")
    used = sorted({z for segment in drawn for z in segment.slices})
    chosen = [behind.planes[z] for z in used]
    with warnings.catch_warnings(), disable_value_validation(), silent_log("highdicom.base"):
        warnings.simplefilter("ignore")  # libraries quote values of the patient
        sources = [_stand_in(plane, behind, volume, n) for n, plane in enumerate(chosen)]
        seg = _segmentation(_pixels(drawn, used, volume), drawn, sources)
        stand_ins = {source.SOPInstanceUID: p for source, p in zip(sources, chosen, strict=True)}
        _refer(seg, behind, stand_ins)
        seg.save_as(path, enforce_file_format=True)


def _pixels(segments: list[Segment], used: list[int], volume: Volume) -> AnyArray:
    """Frames of the used slices: numbers where nothing overlaps, else one plane a segment."""
    numbered = [
        Segment(number, s.name, s.crop, s.corner) for number, s in enumerate(segments, start=1)
    ]
    if not overlapping(numbered):
        return labels_of(numbered, volume.shape)[used]
    shape_yx = volume.shape[1:]
    stacked = np.zeros((len(used), *shape_yx, len(segments)), bool)
    for number, segment in enumerate(segments):
        for frame, z in enumerate(used):
            stacked[frame, ..., number] = segment.plane(z, shape_yx)
    return stacked


def _segmentation(
    pixels: AnyArray, segments: list[Segment], sources: list[Dataset]
) -> Segmentation:
    version = software_version()
    return Segmentation(
        source_images=sources,
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_described(s, n) for n, s in enumerate(segments, start=1)],
        series_instance_uid=hd.UID(),
        series_number=_SERIES_NUMBER,
        series_description="Segmentation",
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=PROGRAM,
        manufacturer_model_name=PROGRAM,
        software_versions=version,
        device_serial_number=version,
        content_label="SEGMENTATION",
        content_description="Interactive segmentation",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        specific_character_set="ISO_IR 192",
    )


def _stand_in(plane: Plane, behind: SeriesBehind, volume: Volume, number: int) -> Dataset:
    """A plain single image in the plane's place.

    highdicom takes geometry from single images whose orientations are letter for letter equal, or
    from one enhanced file whose every frame is wanted; real series are neither.
    """
    image = Dataset()
    behind.patient_and_study(image)
    for word in ("Rows", "Columns", *_LOSSY):
        if word in plane.dataset:
            image[word] = plane.dataset[word]
    image.SeriesInstanceUID = behind.series
    image.SOPClassUID, image.SOPInstanceUID = SecondaryCaptureImageStorage, f"1.2.{number + 1}"
    image.Modality = text_of(plane.dataset, "Modality") or "OT"
    depth, *in_plane = (float(mm) for mm in volume.spacing)
    first = behind.planes[0]
    image.PixelSpacing = list(first.spacing or in_plane)
    image.SliceThickness = plane.number("SliceThickness") or depth
    if plane.position is None or first.directions is None:
        return image
    image.SOPClassUID, image.FrameOfReferenceUID = CTImageStorage, behind.frame_of_reference
    image.PositionReferenceIndicator = text_of(plane.dataset, "PositionReferenceIndicator")
    image.ImageOrientationPatient = [float(cosine) for cosine in first.directions.ravel()]
    image.ImagePositionPatient = [float(mm) for mm in plane.position]
    image.SpacingBetweenSlices = abs(float(_step(volume) @ np.cross(*first.directions))) or depth
    return image


def _step(volume: Volume) -> AnyArray:
    """From one slice to the next in LPS mm."""
    return volume.affine[:3, 0] * (-1, -1, 1)


def _described(segment: Segment, number: int) -> SegmentDescription:
    name = coded(segment.name)
    made_by = segment.algorithm
    described = SegmentDescription(
        segment_number=number,
        segment_label=value_of(segment.name, _LONGEST_LABEL) or f"object {number}",
        segmented_property_category=name.category,
        segmented_property_type=name.type,
        algorithm_type="MANUAL" if made_by is None else "SEMIAUTOMATIC",
        algorithm_identification=None
        if made_by is None
        else hd.AlgorithmIdentificationSequence(
            made_by.name[:_LONGEST_LABEL],
            codes.cid7162.ArtificialIntelligence,
            made_by.version[:_LONGEST_LABEL],
            source=PROGRAM,
            parameters={"weights": made_by.digest} if made_by.digest else None,
        ),
        display_color=None if segment.color is None else _lab(segment.color),
    )
    if name.side is not None:
        kind = described.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept.from_code(name.side)]
    return described


def _lab(color: Color) -> CIELabColor:
    return CIELabColor.from_rgb(*(255 * part for part in color))


def _refer(seg: Segmentation, behind: SeriesBehind, stand_ins: dict[str, Plane]) -> None:
    """Put the real images in the stand-ins' place, and name all of the series once."""
    if behind.planes[0].position is None:
        seg.PatientOrientation = behind.first.get("PatientOrientation") or ""
    seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence = behind.instances()
    del seg.SourceImageSequence
    for frame in seg.PerFrameFunctionalGroupsSequence:
        for derivation in frame.get("DerivationImageSequence", ()):
            for source in derivation.SourceImageSequence:
                plane = stand_ins.get(source.ReferencedSOPInstanceUID)
                if plane is not None:  # frames of several segments share one reference
                    source.update(reference_to(plane))
                    number = frame_number(plane)
                    if number is not None:
                        source.ReferencedFrameNumber = number
