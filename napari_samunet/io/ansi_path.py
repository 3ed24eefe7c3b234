"""Paths for ITK, which on Windows opens them with functions for letters of one country.

It hands them the bytes of UTF-8, so that of "Müller" they find nothing. There the short name leads
to the same file, which Windows keeps beside most long ones ("MLLER~1").
"""

from __future__ import annotations

import locale
import sys
from pathlib import Path

_IS_ANSI = sys.platform == "win32" and locale.getencoding() != "cp65001"
"""Whether it is so here: 65001 is UTF-8, which Windows can be set to."""
_MOST = 32768


def ansi_path(path: Path) -> str:
    """Return a path under which ITK opens a file or makes a new one.

    Raises
    ------
    OSError
        Windows keeps no name of plain letters for it.
    """
    if not is_mangled(str(path)):
        return str(path)
    # A short name has a short ending, too, by which ITK may know another format or none.
    name = str(Path(_short(path.parent), path.name)) if path.name.isascii() else _short(path)
    if not name.isascii():
        raise OSError(
            "on this disk such files need a name in plain letters (A to Z), in a folder whose path "
            "has no others"
        )
    return name


def is_mangled(name: str) -> bool:
    """Whether ITK looks for another name than this one."""
    return _IS_ANSI and not name.isascii()


def _short(path: Path) -> str:
    """The name that Windows keeps beside a long one, or the long one where it keeps none."""
    if sys.platform != "win32":
        return str(path)
    import ctypes

    found = ctypes.create_unicode_buffer(_MOST)
    ctypes.windll.kernel32.GetShortPathNameW(str(path), found, _MOST)
    return found.value or str(path)
