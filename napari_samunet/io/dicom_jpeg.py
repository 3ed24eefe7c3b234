"""JPEG of 12 bits, which pydicom leaves to nobody: python-gdcm reads it when asked directly.

Standard: DICOM PS3.5 8.2.1, JPEG Extended (processes 2 and 4).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gdcm
from pydicom.pixels.decoders import JPEGExtended12BitDecoder
from pydicom.uid import JPEGExtended12Bit

from napari_samunet.io.quiet import shared

DECODER_DEPENDENCIES = {JPEGExtended12Bit: ("gdcm>=3.0.10",)}
_LABEL = "gdcm-12-bit"


def read_twelve_bits() -> None:
    """Let pydicom decode JPEG of 12 bits; calling it again changes nothing."""
    if _LABEL not in JPEGExtended12BitDecoder.available_plugins:
        JPEGExtended12BitDecoder.add_plugin(_LABEL, (__name__, "decode_frame"))


def is_available(uid: str) -> bool:
    """Whether this decodes a transfer syntax; pydicom asks."""
    return uid in DECODER_DEPENDENCIES


def decode_frame(source: bytes, runner: Any) -> bytes:
    """Decode one frame; pydicom calls it with the frame's bytes and what the header says of it."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    syntax = gdcm.TransferSyntax.GetTSType(str.__str__(runner.transfer_syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bits = runner.bits_stored
    sign = runner.pixel_representation
    image.SetPixelFormat(gdcm.PixelFormat(1, runner.bits_allocated, bits, bits - 1, sign))
    with _quiet():
        # gdcm hands bytes out as text.
        return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))


@shared
@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the C library from telling the terminal which of its decoders it tried first."""
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # a program without a terminal, as those that Windows starts by a double click
        kept = None
    if kept is None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
