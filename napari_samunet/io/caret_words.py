"""Names and colours in a NIfTI, as Connectome Workbench and TotalSegmentator keep them.

They lie in XML in an extension of the header: CaretExtension, VolumeInformation, LabelTable.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from napari_samunet.io.segments import Color
from napari_samunet.io.words import Words

_CODES = (0, 30)
"""Of extensions: Caret has the second, and TotalSegmentator writes its table as of no kind."""
_LONGEST = 1 << 24


def caret_words(header: Any, frame: int) -> Words:
    """Read the label table of a NIfTI; damaged or hostile XML says nothing.

    Parameters
    ----------
    header : nibabel header
    frame : int
        Time point whose table is wanted, counted from 0.
    """
    words = Words()
    for label in _labels(header, frame):
        name = " ".join((label.text or "").split())
        try:
            number = int(label.get("Key", ""))
        except ValueError:
            continue
        if number > 0 and name:
            words.names[number] = name
            color = _color(label)
            if color is not None:
                words.colors[number] = color
    return words


def _labels(header: Any, frame: int) -> Iterable[ElementTree.Element]:
    told = [each.content for each in header.extensions if each.get_code() in _CODES]
    for content in told:
        if b"<LabelTable" not in content or len(content) > _LONGEST:
            continue
        try:
            text = content.decode("utf-8").strip("\0 \t\r\n")
            if "<!DOCTYPE" in text:  # the table has none, and entities could swell without end
                continue
            root = ElementTree.fromstring(text)
        except (UnicodeDecodeError, ElementTree.ParseError):
            continue
        return root.findall(f"VolumeInformation[@Index='{frame}']/LabelTable/Label")
    return ()


def _color(label: ElementTree.Element) -> Color | None:
    try:
        red, green, blue = (float(label.get(part, "")) for part in ("Red", "Green", "Blue"))
    except ValueError:
        return None
    is_one = all(0 <= part <= 1 for part in (red, green, blue))
    return (red, green, blue) if is_one else None
