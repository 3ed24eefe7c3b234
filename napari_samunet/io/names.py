"""Names that people gave, as files can hold them and messages list them."""

from __future__ import annotations

import locale
import re
import sys
from collections.abc import Sequence

_SHOWN = 12
_BEFORE_UTF8 = locale.getencoding() if sys.platform == "win32" else "utf-8"
_UNWRITABLE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("[\r\n]")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
_GAP = "…"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the start of a formula, themselves or behind a blank that they skip.

See https://owasp.org/www-community/attacks/CSV_Injection.
"""


def name_of(raw: bytes) -> str:
    """A file's name as a header states it: in UTF-8, or in what was written before it.

    Windows then means the letters of its country, other systems take the bytes as they stand.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(_BEFORE_UTF8, errors="surrogateescape")


def written_name(name: str) -> str:
    """A name without what ends it early (NUL) or belongs to no encoding (half of a pair)."""
    return _UNWRITABLE.sub("\ufffd", name).replace("\0", " ")


def value_of(name: str, longest: int) -> str:
    """A name as a value of DICOM (LO): one line, without the backslash that begins a second value.

    What is too long loses its middle: names of one list often differ at their ends alone.
    """
    value = _CONTROL.sub(" ", written_name(name)).replace("\\", "/").strip()
    if len(value) <= longest:
        return value
    end = longest // 2
    return value[: longest - end - len(_GAP)] + _GAP + value[-end:]


def table_cell(name: str) -> str:
    """A name as one cell of a table, which no spreadsheet works out nor takes for two lines."""
    mark = "'" if name.startswith(_FORMULA) else ""
    return mark + _BREAK.sub(" ", written_name(name))


def listed(names: Sequence[str], most: int = _SHOWN, between: str = ", ") -> str:
    """Names in a message; of many the first, and how many more: a file may hold thousands."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more
