"""Segments → DICOM Segmentation, through highdicom.

Binary, one segment an object, overlaps kept; every frame refers to the image that it was drawn on.
Standard: DICOM PS3.3 A.51 (Segmentation IOD), C.8.20 (its modules).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from napari_samunet import __version__
from napari_samunet.geometry import is_sheared, shear_degrees
from napari_samunet.io.anatomy import coded
from napari_samunet.io.dicom_behind import (
    PROGRAM,
    SeriesBehind,
    frame_number,
    not_empty,
    reference_to,
    series_behind,
)
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_origin import tell_segment
from napari_samunet.io.dicom_planes import Plane
from napari_samunet.io.dicom_seg_pixels import packed_bits
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.names import value_of
from napari_samunet.io.segments import Color, Segment, default_name, overlapping
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray, BoolArray

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
    with lenient():
        sources = [_stand_in(plane, behind, volume, n) for n, plane in enumerate(chosen)]
        seg = _segmentation(_presence(drawn, used), drawn, sources)
        _draw(seg, drawn, {s.SOPInstanceUID: z for s, z in zip(sources, used, strict=True)}, volume)
        stand_ins = {source.SOPInstanceUID: p for source, p in zip(sources, chosen, strict=True)}
        _refer(seg, behind, stand_ins)
        seg.save_as(path, enforce_file_format=True)


def note_of_shear(volume: Volume) -> str:
    """Say that slices lie askew, which not every reader of a DICOM SEG minds; "" if they do not."""
    if not is_sheared(volume.affine):
        return ""
    return (
        f"the slices lie askew by {shear_degrees(volume.affine):.1f}°: this DICOM SEG tells where "
        "each of them lies, but readers that stack them straight, as dcmqi does, show it shifted; "
        "RTSTRUCT and .nrrd hold their place"
    )


def _presence(segments: list[Segment], used: list[int]) -> BoolArray:
    """Which segment is on which of the used slices, as images of one pixel: (N, 1, 1, segments).

    All the frames at once would take as much memory as all objects times the whole image, and
    highdicom needs no pixel to know which frames there are.
    """
    on_slices = [set(segment.slices) for segment in segments]
    return np.array([[[[z in zs for zs in on_slices]]] for z in used])


def _draw(
    seg: Segmentation, segments: list[Segment], slices: dict[str, int], volume: Volume
) -> None:
    """Put the masks in the place of the single pixels, frame by frame."""
    shape_yx = volume.shape[1:]
    frames = (
        segments[number - 1].plane(slices[source], shape_yx) for number, source in _frames(seg)
    )
    seg.Rows, seg.Columns = shape_yx
    seg.PixelData = packed_bits(frames)
    seg.SegmentsOverlap = "YES" if overlapping(segments) else "NO"


def _frames(seg: Segmentation) -> Iterator[tuple[int, str]]:
    """Number of the segment and instance of the image of every frame, in order."""
    (shared,) = seg.SharedFunctionalGroupsSequence  # tells the number where there is but one
    for frame in seg.PerFrameFunctionalGroupsSequence:
        named = frame if "SegmentIdentificationSequence" in frame else shared
        number = named.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        yield number, source.ReferencedSOPInstanceUID


def _segmentation(
    presence: BoolArray, segments: list[Segment], sources: list[Dataset]
) -> Segmentation:
    return Segmentation(
        source_images=sources,
        pixel_array=presence,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_described(s, n) for n, s in enumerate(segments, start=1)],
        series_instance_uid=hd.UID(),
        series_number=_SERIES_NUMBER,
        series_description="Segmentation",
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=PROGRAM,
        manufacturer_model_name=PROGRAM,
        software_versions=__version__,
        device_serial_number=__version__,
        content_label="SEGMENTATION",
        content_description="Interactive segmentation",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        specific_character_set="ISO_IR 192",
    )


def _stand_in(plane: Plane, behind: SeriesBehind, volume: Volume, number: int) -> Dataset:
    """A plain single image of one pixel in the plane's place.

    highdicom takes geometry from single images whose orientations are letter for letter equal, or
    from one enhanced file whose every frame is wanted; real series are neither.
    """
    image = Dataset()
    behind.patient_and_study(image)
    image.Rows = image.Columns = 1
    for word in _LOSSY:
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
    described = SegmentDescription(
        segment_number=number,
        segment_label=value_of(segment.name, _LONGEST_LABEL) or default_name(number),
        segmented_property_category=name.category,
        segmented_property_type=name.type,
        algorithm_type="MANUAL",  # until it is told
        display_color=None if segment.color is None else _lab(segment.color),
    )
    if name.side is not None:
        kind = described.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept.from_code(name.side)]
    tell_segment(described, segment)
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
