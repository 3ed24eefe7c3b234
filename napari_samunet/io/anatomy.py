"""Names of objects → codes that other programs understand."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from pydicom.sr.coding import Code

from napari_samunet.assets import asset

_CATEGORIES = {
    "structure": Code("91723000", "SCT", "Anatomical Structure"),
    "finding": Code("49755003", "SCT", "Morphologically Abnormal Structure"),
    "tissue": Code("85756007", "SCT", "Tissue"),
}
_SIDES = {
    "left": Code("7771000", "SCT", "Left"),
    "right": Code("24028007", "SCT", "Right"),
}
_PLURAL = re.compile(r"(?<=[a-z]{3})(?<!s)s$")


@dataclass(frozen=True)
class CodedName:
    """What an object is, in codes of SNOMED CT.

    Attributes
    ----------
    category, type : Code
        Of DICOM CID 7150 and 7151; plain tissue where the name is not known.
    side : Code or None
        Left or right, as the name says.
    """

    category: Code
    type: Code
    side: Code | None = None


def coded(name: str) -> CodedName:
    """Look a name up in ``resources/anatomy.toml``: case, plural, digits and side do not matter."""
    words = re.sub(r"[^a-z]+", " ", name.lower()).split()
    whole = " ".join(words)
    side = next((_SIDES[word] for word in words if word in _SIDES), None)
    rest = " ".join(word for word in words if word not in _SIDES)
    for candidate, its_side in ((whole, None), (rest, side)):
        for spelling in (candidate, _PLURAL.sub("", candidate)):
            if spelling in _table():
                return CodedName(*_table()[spelling], its_side)
    return CodedName(_CATEGORIES["tissue"], _CATEGORIES["tissue"])


@cache
def _table() -> dict[str, tuple[Code, Code]]:
    """Every spelling, and its category and type."""
    listed = tomllib.loads(asset("anatomy.toml").read_text(encoding="utf-8"))
    return {
        spelling: (_CATEGORIES[kind], Code(entry["code"], "SCT", entry["meaning"]))
        for kind, entries in listed.items()
        for entry in entries
        for spelling in (entry["name"], *entry.get("also", ()))
    }
