"""NRRD with bzip2 encoding, which SimpleITK leaves out: unpacked into a private file for it.

Standard: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import bz2
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_samunet.errors import UnreadableFile

_MOST_HEADER = 1_000_000
_ENCODING = re.compile(rb"^encoding: *(bzip2|bz2) *\r?$", re.MULTILINE | re.IGNORECASE)
_DATA_FILE = re.compile(rb"^data ?file: *(.+?) *\r?$", re.MULTILINE | re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")


@contextmanager
def plain_nrrd(path: Path) -> Iterator[Path]:
    """Give a file that SimpleITK reads: the same one, unless its voxels are packed with bzip2.

    Raises
    ------
    UnreadableFile
        If the packed voxels are damaged, or their file is missing.
    """
    with path.open("rb") as file:
        start = file.read(_MOST_HEADER)
    blank = _BLANK.search(start)
    header = start if blank is None else start[: blank.start()]
    if not start.startswith(b"NRRD") or _ENCODING.search(header) is None:
        yield path
        return
    voxels = _voxels(path, header, 0 if blank is None else blank.end())
    header = _DATA_FILE.sub(b"", _ENCODING.sub(b"encoding: raw", header)).replace(b"\n\n", b"\n")
    with tempfile.TemporaryDirectory(prefix="samunet-") as folder:  # nobody else may look into it
        plain = Path(folder, "plain.nrrd")
        plain.write_bytes(header.strip() + b"\n\n" + voxels)
        yield plain


def _voxels(path: Path, header: bytes, offset: int) -> bytes:
    named = _DATA_FILE.search(header)
    source = path if named is None else path.parent / named[1].decode(errors="replace")
    try:
        packed = source.read_bytes()[offset if named is None else 0 :]
        return bz2.decompress(packed)
    except FileNotFoundError:
        raise UnreadableFile(
            f"{path} names {source.name} as its voxels, which is missing."
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"{path} is truncated or damaged ({error}): export or copy it again."
        ) from None
