"""Voxels in a file of their own that holds fewer bytes than its header promises, or more.

What is left over lies before the voxels or behind them, and nothing tells which: readers begin at
the start. Only where an image with a header of its own begins there, all of it is off for sure.

Formats: https://teem.sourceforge.net/nrrd/format.html, https://itk.org/Wiki/MetaIO.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import NamedTuple

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.gunzip import DAMAGED, unpacked
from napari_samunet.io.nifti import nifti_magic
from napari_samunet.io.originals import voxel_files

_MOST_HEADER = 1_000_000
_BLOCK = 1 << 20
_START = 352
_TOLD = 4
"""Last bytes of a gzipped file: how many it holds, of each 2³² (RFC 1952)."""
_SPOILED: tuple[type[Exception], ...] = (*DAMAGED, OSError)
_FIELD = re.compile(r"^([^#:=\n]+)[:=](?!=)(.*)$", re.MULTILINE)  # ":=" begins no field of NRRD
_NUMBER = re.compile(r"-?\d{1,18}(?!\d)")


class _Promise(NamedTuple):
    """What a header tells of its data file: how many numbers it holds, and whether gzipped."""

    numbers: int
    is_gzipped: bool
    last: str
    """The line of a header by which the last bytes are the voxels."""


def note_of_rest(header: Path, voxels: Path, width: int) -> str:
    """Say what is left over of a data file; "" where nothing is, or the header tells its place.

    Parameters
    ----------
    header : Path
        Of NRRD or MetaImage.
    voxels : Path
        The data file that it names. What is packed in another way than gzip is not looked into.
    width : int
        Bytes of one number.

    Raises
    ------
    UnreadableFile
        If the data file begins with the header of another image format.
    """
    promise = _promise(header)
    if promise is None:
        return ""
    wanted = promise.numbers * width
    try:
        present = _size(voxels, wanted) if promise.is_gzipped else voxels.stat().st_size
        is_image = present > wanted and _begins_as_image(voxels, promise.is_gzipped)
    except _SPOILED:
        return ""  # damaged behind the voxels, for those were read
    told = f"{voxels.name} has {present} bytes, and its header promises {wanted}"
    if is_image:
        raise UnreadableFile(
            f"{header} would be read shifted: {told}, because an image with a header of its own "
            f"begins there. Open {voxels.name} itself, or write '{promise.last}' above its name."
        )
    hint = f"the first were read; should the image look shifted, '{promise.last}' takes the last"
    return f"{told}: {hint}" if present > wanted else ""


def check_voxels(header: Path, width: int) -> None:
    """Make sure that a data file that is not packed is as long as promised, before ITK opens it.

    ITK never closes one that is too short, and on Windows nothing takes the place of an open file.

    Parameters
    ----------
    header : Path
        Of NRRD.
    width : int
        Bytes of one number.

    Raises
    ------
    UnreadableFile
        If something is missing of the voxels.
    """
    promise, files = _promise(header), voxel_files(header)
    if promise is None or promise.is_gzipped or len(files) != 1 or not files[0].is_file():
        return
    wanted, present = promise.numbers * width, files[0].stat().st_size
    if present < wanted:
        raise UnreadableFile(
            f"{header} is truncated: its header promises {wanted} bytes of voxels, "
            f"{files[0].name} has {present}. Copy it again."
        )


def _promise(header: Path) -> _Promise | None:
    """None where the header tells where the voxels begin, or packs them in another way."""
    with header.open("rb") as file:
        text = file.read(_MOST_HEADER).decode(errors="replace").replace("\r\n", "\n")
    found = _FIELD.findall(text.split("\n\n")[0])
    fields = {name.replace(" ", "").lower(): value.strip().lower() for name, value in found}
    if any(any(_numbers(fields, skip)) for skip in ("byteskip", "lineskip", "headersize")):
        return None
    if "sizes" in fields:
        encoding, numbers = fields.get("encoding"), math.prod(_numbers(fields, "sizes"))
        known = {"raw": False, "gzip": True, "gz": True}
        return _Promise(numbers, known[encoding], "byte skip: -1") if encoding in known else None
    if fields.get("compresseddata") == "true" or fields.get("binarydata") == "false":
        return None
    numbers = math.prod(_numbers(fields, "dimsize") + _numbers(fields, "elementnumberofchannels"))
    return _Promise(numbers, False, "HeaderSize = -1")


def _numbers(fields: dict[str, str], name: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(fields.get(name, ""))]


def _size(packed: Path, wanted: int) -> int:
    """Bytes that a gzipped file unpacks to; its end tells, where that is what is wanted."""
    with packed.open("rb") as file:
        file.seek(-_TOLD, os.SEEK_END)
        if int.from_bytes(file.read(), "little") == wanted % 256**_TOLD:
            return wanted
    with unpacked(packed) as file:
        return sum(len(block) for block in iter(lambda: file.read(_BLOCK), b""))


def _begins_as_image(voxels: Path, is_gzipped: bool) -> bool:
    with unpacked(voxels) if is_gzipped else voxels.open("rb") as file:
        start = file.read(_START)
    return bool(nifti_magic(start)) or start[128:132] == b"DICM" or start.startswith(b"NRRD0")
