"""Which files of a folder or a DICOMDIR may belong to a series, told before their headers are."""

from __future__ import annotations

import os
import re
import stat
from functools import cache
from pathlib import Path
from typing import Any

from napari_samunet.errors import UnreadableFile

_MOST_FILES = 50_000
_NAMED = 3
_NO_DICOM = (".json", ".txt", ".xml", ".csv", ".gz", ".nii", ".nrrd", ".png", ".jpg", ".md", ".py")
_ENDINGS = (".dcm", ".dicom", ".ima")
_DIGITS = re.compile(r"\d+")


def files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """List the files of a folder and all below it that are not hidden.

    Returns
    -------
    files : list of Path
        Sorted folder by folder.
    locked : list of Path
        Folders that may not be looked into.

    Raises
    ------
    UnreadableFile
        If there are more than anybody would choose on purpose.
    """
    files: list[Path] = []
    locked: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda e: locked.append(Path(e.filename))):
        folders.sort()
        files += [Path(root, name) for name in sorted(names) if not name.startswith(".")]
        if len(files) > _MOST_FILES:
            raise UnreadableFile(
                f"{folder} holds more than {_MOST_FILES} files: "
                "choose the folder of one patient or series."
            )
    return files, locked


def listed_in(path: Path, directory: Any) -> list[Path]:
    """List the files that a DICOMDIR names, whether they are there or not."""
    lookup = cache(_names_by_lower_case)
    files = []
    for record in directory.get("DirectoryRecordSequence") or ():
        parts = record.get("ReferencedFileID")
        if not parts:
            continue
        file = path.parent
        for part in [parts] if isinstance(parts, str) else parts:
            # A DICOMDIR writes capitals; what copied or mounted the medium may not have kept them.
            file = file / lookup(file).get(part.lower(), part)
        files.append(file)
    return files


def may_be_dicom(file: Path) -> bool:
    """Say whether a file begins like DICOM, with the preamble or without it.

    Raises
    ------
    UnreadableFile
        If it cannot be said: the file is empty, zeros, locked or not there.
    """
    if file.suffix.lower() in _NO_DICOM:
        return False
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return False
        with file.open("rb") as opened:
            start = opened.read(132)
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{file} cannot be read: {error}.") from None
    if not any(start):
        raise UnreadableFile(f"{file} is empty or zeros: copy or export it again.")
    bare = start[:1] in (b"\x02", b"\x08") and start[1:2] == b"\0" and len(start) == 132
    return bare or start[128:] == b"DICM"


def counted(files: list[Path]) -> str:
    """Say how many files there are, and what the first are called."""
    names = ", ".join(file.name for file in files[:_NAMED])
    more = ", …" if len(files) > _NAMED else ""
    return f"{len(files)} file{'s' if len(files) > 1 else ''} ({names}{more})"


def says_dicom(file: Path) -> bool:
    """Say whether the ending of a name is one of DICOM's."""
    return file.suffix.lower() in _ENDINGS


def kin_of(file: Path) -> tuple[Path, str]:
    """What the files of one series have in common: the folder, and the name but for its numbers."""
    return file.parent, _DIGITS.sub("0", file.name)


def _names_by_lower_case(folder: Path) -> dict[str, str]:
    try:
        return {name.lower(): name for name in os.listdir(folder)}
    except OSError:
        return {}
