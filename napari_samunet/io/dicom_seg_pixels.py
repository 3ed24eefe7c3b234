"""Frames of a DICOM Segmentation: single bits, packed and compressed in ways of their own.

pydicom decodes whole bytes; bits that are run-length encoded, and frames that are deflated one by
one, are unpacked here.
Standard: DICOM PS3.5, 8.1.1 (bits), annex G (RLE) and A.4.12 (Deflated Image Frame Compression).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import RLELossless

from napari_samunet.io.dicom_files import transfer_syntax_of
from napari_samunet.io.dicom_planes import Plane, frame_count
from napari_samunet.types import AnyArray, BoolArray

_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_RLE_HEADER = 64
_RAW_DEFLATE = -15  # zlib's name for a stream without a header


def frame_pixels(dataset: Any, plane: Plane) -> AnyArray:
    """Pixels (Y, X) of one frame, as they are stored.

    Raises
    ------
    Exception
        Nearly any, where the pixels are damaged; the caller says which file it was.
    """
    syntax = transfer_syntax_of(dataset)
    if syntax == _DEFLATED_FRAMES:
        return _unpacked(zlib.decompress(_encoded(dataset, plane), _RAW_DEFLATE), dataset, plane)
    if dataset.BitsAllocated == 1 and syntax == RLELossless:
        return _unpacked(_run_lengths(_encoded(dataset, plane)), dataset, plane)
    if dataset.BitsAllocated == 1 and not syntax.is_encapsulated and syntax.is_little_endian:
        return _packed(dataset, plane)
    index = plane.frame if frame_count(dataset) > 1 else None
    return np.asarray(pixel_array(dataset, index=index))


def packed_bits(frames: Iterable[BoolArray]) -> bytes:
    """Pack masks into single bits, a frame at a time; the next begins in the byte where one ends.

    Parameters
    ----------
    frames : iterable of ndarray of bool, shape (Y, X)
    """
    packed, rest = bytearray(), np.zeros(0, bool)
    for frame in frames:
        bits = np.concatenate([rest, frame.ravel()])
        whole = bits.size - bits.size % 8
        packed += np.packbits(bits[:whole], bitorder="little").tobytes()
        rest = bits[whole:]
    packed += np.packbits(rest, bitorder="little").tobytes()
    return bytes(packed + b"\0" * (len(packed) % 2))


def _encoded(dataset: Any, plane: Plane) -> bytes:
    count = frame_count(dataset)
    table = dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths")
    extended = None if None in table else table
    return get_frame(
        dataset.PixelData, plane.frame, number_of_frames=count, extended_offsets=extended
    )


def _unpacked(stored: bytes, dataset: Any, plane: Plane) -> AnyArray:
    """Pixels of a frame that begins with a byte."""
    count = plane.shape[0] * plane.shape[1]
    if dataset.BitsAllocated == 1:
        return _bits(stored, 0, count).reshape(plane.shape)
    whole = np.frombuffer(stored, np.dtype(f"<u{dataset.BitsAllocated // 8}"))
    return whole[:count].reshape(plane.shape)


def _packed(dataset: Any, plane: Plane) -> AnyArray:
    """Pixels of a frame that begins wherever the one before ends, within a byte too."""
    count = plane.shape[0] * plane.shape[1]
    first = plane.frame * count
    stored = dataset.PixelData[first // 8 : (first + count + 7) // 8]
    return _bits(stored, first % 8, count).reshape(plane.shape)


def _bits(stored: bytes, first: int, count: int) -> AnyArray:
    bits = np.unpackbits(np.frombuffer(stored, np.uint8), bitorder="little")
    return bits[first : first + count]


def _run_lengths(frame: bytes) -> bytes:
    """Unpack the one segment of an RLE frame."""
    stored, at, unpacked = frame[_RLE_HEADER:], 0, bytearray()
    while at + 1 < len(stored):
        head = stored[at]
        if head < 128:  # so many bytes, and one more, as they are
            unpacked += stored[at + 1 : at + 2 + head]
            at += head + 2
        elif head > 128:  # one byte, many times
            unpacked += stored[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1
    return bytes(unpacked)
