"""What SimpleITK leaves out of NRRD: bzip2, unpacked into a private file for it, and directions.

Standard: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import bz2
import math
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.names import name_of

_MOST_HEADER = 1_000_000
_ENCODING = re.compile(rb"^encoding: *(bzip2|bz2) *\r?$", re.MULTILINE | re.IGNORECASE)
_DATA_FILE = re.compile(rb"^data ?file: *(.+?) *\r?$", re.MULTILINE | re.IGNORECASE)
_SIZES = re.compile(rb"^sizes:([\d \t]+)\r?$", re.MULTILINE | re.IGNORECASE)
_WIDEST = 8  # bytes of a number; NRRD knows no wider one
_SKIPPED = 1 << 20  # what "byte skip" and "line skip" may leave out before the voxels
_DIRECTIONS = re.compile(rb"^space directions:", re.MULTILINE | re.IGNORECASE)
_SPACINGS = re.compile(rb"^spacings:([^=].*)$", re.MULTILINE | re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")


@contextmanager
def plain_nrrd(path: Path) -> Iterator[Path]:
    """Give a file that SimpleITK reads: the same one, unless its voxels are packed with bzip2.

    Raises
    ------
    UnreadableFile
        If the packed voxels are damaged, or their file is missing.
    """
    header, length = _header(path)
    if not header.startswith(b"NRRD") or _ENCODING.search(header) is None:
        yield path
        return
    voxels = _voxels(path, header, length)
    header = _DATA_FILE.sub(b"", _ENCODING.sub(b"encoding: raw", header)).replace(b"\n\n", b"\n")
    with tempfile.TemporaryDirectory(prefix="samunet-") as folder:  # nobody else may look into it
        plain = Path(folder, "plain.nrrd")
        plain.write_bytes(header.strip() + b"\n\n" + voxels)
        yield plain


def states_directions(path: Path) -> bool:
    """Whether a NRRD tells which way its axes run; SimpleITK takes them for those of its space."""
    return _DIRECTIONS.search(_header(path)[0]) is not None


def spacings(path: Path) -> list[float]:
    """The spacing of each axis as a NRRD states it; none where it does not."""
    found = _SPACINGS.search(_header(path)[0])
    return [] if found is None else [float(step) for step in found[1].split()]


def _header(path: Path) -> tuple[bytes, int]:
    """The lines before the first blank one, and how many bytes they take with it."""
    with path.open("rb") as file:
        start = file.read(_MOST_HEADER)
    blank = _BLANK.search(start)
    return (start, 0) if blank is None else (start[: blank.start()], blank.end())


def _voxels(path: Path, header: bytes, offset: int) -> bytes:
    named = _DATA_FILE.search(header)
    source = path if named is None else path.parent / name_of(named[1])
    try:
        with source.open("rb") as file:
            file.seek(offset if named is None else 0)
            return bz2.BZ2File(file).read(_most_bytes(header))
    except FileNotFoundError:
        raise UnreadableFile(
            f"{path} names {source.name} as its voxels, which is missing."
        ) from None
    except (EOFError, OSError, ValueError) as error:
        raise UnreadableFile(
            f"{path} is truncated or damaged ({error}): export or copy it again."
        ) from None


def _most_bytes(header: bytes) -> int:
    """What the voxels of a header may take at most, lest a small file fills the memory."""
    sizes = _SIZES.search(header)
    count = 0 if sizes is None else math.prod(int(size) for size in sizes[1].split())
    return count * _WIDEST + _SKIPPED
