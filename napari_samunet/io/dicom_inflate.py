"""Deflated DICOM, measured before it is unpacked: a small file may hold more than any memory."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import DeflatedExplicitVRLittleEndian

from napari_samunet.errors import UnreadableFile

_MOST = 1 << 30  # bytes; pydicom holds them three times
_MOST_RATIO = 1032  # deflate packs nothing closer
_BLOCK = 1 << 20


def check_inflated(path: Path) -> None:
    """Refuse a deflated file that would fill the memory.

    Raises
    ------
    UnreadableFile
        If it unpacks to more than 1 GiB.
    """
    if path.stat().st_size * _MOST_RATIO <= _MOST:
        return
    with path.open("rb") as file:
        read_preamble(file, force=True)
        meta = read_dataset(file, False, True, stop_when=_is_behind_meta)
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        if _inflated_size(file) > _MOST:
            raise UnreadableFile(
                f"{path} unpacks to more than {_MOST >> 30} GiB: export it again without deflate."
            )


def _is_behind_meta(tag: Any, _vr: Any, _length: Any) -> bool:
    return bool(tag.group != 2)


def _inflated_size(file: BinaryIO) -> int:
    """Bytes of the rest of a file once unpacked, counted until they are too many."""
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    size = 0
    while size <= _MOST and not unpack.eof:
        packed = unpack.unconsumed_tail or file.read(_BLOCK)
        if not packed:
            break
        size += len(unpack.decompress(packed, _BLOCK))
    return size
