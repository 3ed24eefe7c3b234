"""A file that only grows: frames of words and arrays, each whole or not there at all.

A frame is its length, a checksum and its content, so that a write that a power loss cut short is
recognised and what came before it stays readable.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from napari_samunet.types import AnyArray

MAGIC = b"samunet journal 1\n"
"""First bytes of a journal."""
_HEAD = struct.Struct("<II")
_WORDS = struct.Struct("<I")
_LEVEL = 1  # of compression: a click is written while the person already makes the next one

DAMAGE = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading words and arrays raises where they are not ours: damaged, or edited."""

Words = dict[str, Any]
Frame = tuple[Words, dict[str, AnyArray]]


def pack(words: Words, arrays: Mapping[str, AnyArray]) -> bytes:
    """Return the bytes of one frame."""
    table = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    text = json.dumps({"words": words, "arrays": table}).encode()
    parts = [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    content = zlib.compress(b"".join([_WORDS.pack(len(text)), text, *parts]), _LEVEL)
    return _HEAD.pack(len(content), zlib.crc32(content)) + content


def read_frames(file: BinaryIO) -> Iterator[tuple[int, Frame]]:
    """Yield (offset, frame) from where the file stands, until its end or the first torn frame."""
    while True:
        offset = file.tell()
        frame = read_frame(file)
        if frame is None:
            file.seek(offset)
            return
        yield offset, frame


def frame_offsets(file: BinaryIO) -> list[int]:
    """Return where each frame begins from where the file stands; only their lengths are read."""
    found = []
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, _ = _HEAD.unpack(head)
        if not length:
            break
        found.append(file.tell() - _HEAD.size)
        file.seek(length, os.SEEK_CUR)
    return found


def read_frame(file: BinaryIO) -> Frame | None:
    """Read the frame that begins here; None at the end and where it is torn or none of ours."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    content = file.read(length)
    # A power loss leaves NUL bytes: a length of 0, and 0 is also the checksum of nothing.
    if not length or len(content) < length or zlib.crc32(content) != checksum:
        return None
    try:
        return _unpack(zlib.decompress(content))
    except (*DAMAGE, struct.error, zlib.error):
        return None


def _unpack(content: bytes) -> Frame:
    (length,) = _WORDS.unpack_from(content)
    start = _WORDS.size + length
    head = json.loads(content[_WORDS.size : start])
    arrays: dict[str, AnyArray] = {}
    for name, dtype, shape in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(content, np.dtype(dtype), count, start).reshape(shape)
        start += arrays[name].nbytes
    return dict(head["words"]), arrays
