"""A look at MetaImage headers before ITK reads them, and names of data files that it mangles.

ITK's own reader prints several lines to the terminal for a damaged file and names no cause, so what
goes wrong most often (a header cut off, a data file left behind, voxels cut off) is found here.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.ansi_path import ansi_path, is_mangled
from napari_samunet.io.names import name_of, written_name

_BYTES = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_LONG": 4,
    "MET_ULONG": 4,
    "MET_LONG_LONG": 8,
    "MET_ULONG_LONG": 8,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}
_HEADER_AT_MOST = 1 << 16
_DIRECTIONS = {"TransformMatrix", "Rotation", "Orientation"}  # one word in three versions of it
_STEPS = {"ElementSpacing", "ElementSize"}
_DATA_FILE = re.compile(rb"^(ElementDataFile *= *)\S.*?(\r?)$", re.MULTILINE)


def check_metaimage(path: Path) -> None:
    """Make sure that a MetaImage has a whole header and as many bytes of voxels as it promises.

    Raises
    ------
    UnreadableFile
        If something is missing.
    """
    fields, length = _fields(path)
    for name in ("NDims", "DimSize", "ElementType", "ElementDataFile"):
        if name not in fields:
            raise UnreadableFile(
                f"{path} is no whole MetaImage: its header has no {name}. Export or copy it again."
            )
    data = fields["ElementDataFile"]
    if data.upper() == "LOCAL":
        _check_size(path, path, fields, path.stat().st_size - length)
    elif not data.upper().startswith("LIST") and "%" not in data:
        data_path = path.parent / data
        if not data_path.is_file():
            raise UnreadableFile(
                f"{path} keeps its voxels in {written_name(data)}, which is missing: "
                "put it beside the header."
            )
        _check_size(path, data_path, fields, data_path.stat().st_size)


@contextmanager
def plain_metaimage(path: Path) -> Iterator[Path]:
    """Give a header that ITK reads: the same one, unless ITK mangles the name of its data file.

    Raises
    ------
    UnreadableFile
        If Windows keeps no name of plain letters for the data file.
    """
    data = path.parent / _fields(path)[0].get("ElementDataFile", "")
    if not (is_mangled(data.name) and data.is_file()):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="samunet-") as folder:
        plain = Path(folder, "plain.mhd")
        plain.write_bytes(path.read_bytes())
        try:
            name_data_file(plain, ansi_path(data))
        except OSError as error:
            raise UnreadableFile(f"{data} cannot be opened: {error}. Copy it there.") from None
        yield plain


def name_data_file(path: Path, name: str) -> None:
    """Write into a header where its voxels are."""
    path.write_bytes(_DATA_FILE.sub(lambda m: m[1] + name.encode() + m[2], path.read_bytes()))


def states_directions(path: Path) -> bool:
    """Whether a MetaImage tells which way its axes run in the patient; ITK makes them up if not."""
    return not _DIRECTIONS.isdisjoint(_fields(path)[0])


def states_spacing(path: Path) -> bool:
    """Whether a MetaImage tells how far its voxels lie apart; ITK takes 1 mm if not."""
    return not _STEPS.isdisjoint(_fields(path)[0])


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """Header fields by name, and how many bytes they take; ElementDataFile ends a header."""
    with path.open("rb") as file:
        start = file.read(_HEADER_AT_MOST)
    fields: dict[str, str] = {}
    length = 0
    for line in start.splitlines(keepends=True):
        length += len(line)
        name, _, value = name_of(line).partition("=")
        fields[name.strip()] = value.strip()
        if name.strip() == "ElementDataFile":
            break
    return fields, length


def _check_size(path: Path, data_path: Path, fields: dict[str, str], present: int) -> None:
    try:
        wanted = _promised(fields)
    except ValueError:
        raise UnreadableFile(f"{path} has a damaged header: export it again.") from None
    if present < wanted:
        raise UnreadableFile(
            f"{path} is truncated: its header promises {wanted} bytes of voxels, "
            f"{data_path.name} has {present}. Copy it again."
        )


def _promised(fields: dict[str, str]) -> int:
    """Bytes of voxels that must be there, 0 where the header does not tell."""
    if fields.get("CompressedData", "").lower() == "true":
        return int(fields.get("CompressedDataSize", 0))
    sizes = [int(n) for n in fields["DimSize"].split()]
    if fields.get("BinaryData", "true").lower() == "false":
        return 0
    channels = int(fields.get("ElementNumberOfChannels", 1))
    return math.prod(sizes) * channels * _BYTES.get(fields["ElementType"].upper(), 0)
