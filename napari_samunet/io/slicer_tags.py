"""What an object is: 3D Slicer's tags ↔ the codes of a DICOM SEG.

Form: https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html
(TerminologyEntry tag).
"""

from __future__ import annotations

import re

from pydicom import Dataset

from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.names import value_of

_ENTRY = "TerminologyEntry:"
_TYPES = "Segmentation category and type - DICOM master list"
_REGIONS = "Anatomic codes - DICOM master list"
_WORDS = ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
_CODE = re.compile(r"([\w.:/-]{1,16})\^([\w.:/-]{1,16})\^([^^]+)", re.ASCII)
_BETWEEN = re.compile("[|~^]")
_LONGEST = 64
_CATEGORY = "SegmentedPropertyCategoryCodeSequence"
_TYPE = "SegmentedPropertyTypeCodeSequence"
_MODIFIER = "SegmentedPropertyTypeModifierCodeSequence"
_REGION = "AnatomicRegionSequence"
_REGION_MODIFIER = "AnatomicRegionModifierSequence"


def codes_in(tags: str) -> str:
    """Return what the tags of a segment say that it is, as `Origin.codes` keeps it.

    Empty where they do not say it: 3D Slicer calls tissue, in category and type, whatever nobody
    described.
    """
    entries = [tag.strip() for tag in tags.split("|")]
    entry = next((each for each in entries if each.startswith(_ENTRY)), "")
    parts = [_code(part) for part in entry.split("~")]
    _, category, kind, modifier, _, region, region_modifier = (parts + [None] * 7)[:7]
    if category is None or kind is None or (category == kind and region is None):
        return ""
    found = Dataset()
    _put(found, _CATEGORY, category)
    _put(found, _TYPE, kind)
    _put(kind, _MODIFIER, modifier)
    if region is not None:
        _put(region, _REGION_MODIFIER, region_modifier)
        _put(found, _REGION, region)
    return found.to_json()


def tags_for(codes: str) -> str:
    """Return the tags of a segment that say what `Origin.codes` says; empty where that is none."""
    with lenient():
        told = Dataset.from_json(codes or "{}")
        category, kind, region = (_first(told, word) for word in (_CATEGORY, _TYPE, _REGION))
        parts = [category, kind, _first(kind, _MODIFIER)]
        parts += [region, _first(region, _REGION_MODIFIER)]
        texts = [_text(part) for part in parts]
    if not all(map(_CODE.fullmatch, texts[:2])):
        return ""
    return "~".join((f"{_ENTRY}{_TYPES}", *texts[:3], _REGIONS, *texts[3:])) + "|"


def _code(part: str) -> Dataset | None:
    match = _CODE.fullmatch(part.strip())
    meaning = value_of(match[3], _LONGEST) if match else ""
    if match is None or not meaning:
        return None
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = match[2], match[1], meaning
    return code


def _put(item: Dataset, word: str, code: Dataset | None) -> None:
    if code is not None:
        setattr(item, word, [code])


def _first(item: Dataset, word: str) -> Dataset:
    items = item.get(word)
    return items[0] if items else Dataset()


def _text(code: Dataset) -> str:
    """A code as 3D Slicer writes it; one that is missing leaves its separators."""
    values = (value_of(text_of(code, word), _LONGEST) for word in _WORDS)
    return "^".join(_BETWEEN.sub(" ", value) for value in values)
