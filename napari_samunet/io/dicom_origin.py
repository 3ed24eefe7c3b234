"""How objects came about and what they are, as DICOM SEG and RTSTRUCT tell it.

Standard: DICOM PS3.3 C.8.20.4 (Segment Description), C.8.8.5 and C.8.8.8 (ROIs, observations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from highdicom import AlgorithmIdentificationSequence
from pydicom import Dataset
from pydicom.sr.codedict import codes

from napari_samunet.io.dicom_behind import PROGRAM
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.names import value_of
from napari_samunet.io.origin import UNKNOWN, Origin
from napari_samunet.io.segments import Segment

_KINDS = ("MANUAL", "SEMIAUTOMATIC", "AUTOMATIC")
_NO_ORIGIN = "unknown origin"
_NO_NAME = "unknown algorithm"
_LONGEST = 64
_IDENTIFICATION = "SegmentationAlgorithmIdentificationSequence"
_SEGMENT_CODES = (
    "SegmentedPropertyCategoryCodeSequence",
    "SegmentedPropertyTypeCodeSequence",
    "AnatomicRegionSequence",
)
_ROI_CODES = ("RTROIInterpretedType", "RTROIIdentificationCodeSequence")


def with_origins(segments: Sequence[Segment], dataset: Any) -> list[Segment]:
    """Return segments with what their file tells of where they come from.

    Parameters
    ----------
    segments : sequence of Segment
        Numbered as in the file.
    dataset : pydicom.Dataset
        A segmentation or a structure set.
    """
    told = {int(each.SegmentNumber): _of_segment(each) for each in _items(dataset, "Segment")}
    observed = {
        each.get("ReferencedROINumber"): each for each in _items(dataset, "RTROIObservations")
    }
    for roi in _items(dataset, "StructureSetROI"):
        told[int(roi.ROINumber)] = _of_roi(roi, observed.get(roi.ROINumber, Dataset()))
    return [
        replace(each, origin=replace(told.get(each.number, UNKNOWN), name=each.name))
        for each in segments
    ]


def tell_segment(described: Dataset, segment: Segment) -> None:
    """Write into the description of a SEG's segment how it came about.

    A segment must state a kind: what nobody knows is SEMIAUTOMATIC by an unknown origin, for a hand
    is not to be claimed. The codes that were read go before those that are there.
    """
    made_by, origin = segment.algorithm, segment.origin
    if made_by is not None:
        name = value_of(made_by.name, _LONGEST)
        described.SegmentAlgorithmType = "SEMIAUTOMATIC"
        described.SegmentAlgorithmName = name
        described.SegmentationAlgorithmIdentificationSequence = AlgorithmIdentificationSequence(
            name,
            codes.cid7162.ArtificialIntelligence,
            made_by.version[:_LONGEST],
            source=PROGRAM,
            parameters={"weights": made_by.digest} if made_by.digest else None,
        )
    else:
        described.SegmentAlgorithmType = origin.kind_now or "SEMIAUTOMATIC"
        if described.SegmentAlgorithmType != "MANUAL":
            known = value_of(origin.algorithm, _LONGEST)
            unnamed = _NO_NAME if origin.kind else _NO_ORIGIN
            described.SegmentAlgorithmName = known or unnamed
            described.update(_read(origin.identification, (_IDENTIFICATION,)))
    if origin.name == segment.name:
        described.update(_read(origin.codes, _SEGMENT_CODES))


def tell_roi(roi: Dataset, segment: Segment) -> None:
    """Write into a structure how it came about; what nobody knows stays empty."""
    made_by, origin = segment.algorithm, segment.origin
    if made_by is not None:
        roi.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
        described = f"{made_by.name} {made_by.version}"
    else:
        roi.ROIGenerationAlgorithm = origin.kind_now
        more = _read(origin.identification, (_IDENTIFICATION,)).get(_IDENTIFICATION)
        described = f"{origin.algorithm} {text_of(more[0], 'AlgorithmVersion') if more else ''}"
    if described.strip():
        roi.ROIGenerationDescription = value_of(described, _LONGEST)


def tell_observation(observation: Dataset, segment: Segment) -> None:
    """Write into the observation of a structure what it is, as it was read."""
    if segment.origin.name == segment.name:
        observation.update(_read(segment.origin.codes, _ROI_CODES))


def _of_segment(described: Any) -> Origin:
    kind = _kind(described, "SegmentAlgorithmType")
    algorithm = text_of(described, "SegmentAlgorithmName")
    if algorithm == _NO_ORIGIN:  # as this program tells it
        kind = algorithm = ""
    elif algorithm == _NO_NAME:
        algorithm = ""
    coded = all(described.get(word) for word in _SEGMENT_CODES[:2])
    return Origin(
        kind,
        algorithm,
        _kept(described, (_IDENTIFICATION,)),
        codes=_kept(described, _SEGMENT_CODES) if coded else "",
    )


def _of_roi(roi: Any, observation: Any) -> Origin:
    return Origin(
        _kind(roi, "ROIGenerationAlgorithm"),
        text_of(roi, "ROIGenerationDescription"),
        codes=_kept(observation, _ROI_CODES),
    )


def _kind(item: Any, word: str) -> str:
    kind = text_of(item, word).upper()
    return kind if kind in _KINDS else ""


def _items(dataset: Any, what: str) -> Any:
    return dataset.get(f"{what}Sequence") or ()


def _kept(item: Any, words: Sequence[str]) -> str:
    """Some attributes of an item as DICOM JSON; empty where it has none of them."""
    kept = Dataset({item[word].tag: item[word] for word in words if item.get(word)})
    kept.remove_private_tags()
    return kept.to_json(suppress_invalid_tags=True) if kept else ""


def _read(kept: str, words: Sequence[str]) -> Dataset:
    """The attributes of these names among what was kept."""
    found = Dataset.from_json(kept or "{}")
    return Dataset({found[word].tag: found[word] for word in words if word in found})
