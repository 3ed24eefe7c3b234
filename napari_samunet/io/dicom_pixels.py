"""Pixels of DICOM planes: decoded, in the file's own units, colours as RGB.

Standard: DICOM PS3.3, C.7.6.3 (pixels) and C.11.1 (modality LUT).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array
from pydicom.uid import RLELossless

from napari_samunet.errors import UnreadableFile, UnsupportedImage
from napari_samunet.io.color import luma
from napari_samunet.io.dicom_files import text_of, transfer_syntax_of
from napari_samunet.io.dicom_jpeg import read_twelve_bits
from napari_samunet.io.dicom_planes import Plane, frame_count
from napari_samunet.io.quiet import damage_of
from napari_samunet.types import AnyArray, UInt8Array


def read_pixels(planes: list[Plane]) -> tuple[AnyArray, UInt8Array | None]:
    """Read the pixels of a stack.

    Returns
    -------
    array : ndarray, shape (Z, Y, X)
        Rescaled values: whole numbers where slopes are 1 and intercepts whole, else float32, or
        float64 where more than 16 bits are stored.
    color : ndarray of uint8, shape (Z, Y, X, 3), or None

    Raises
    ------
    UnreadableFile
        If pixels are missing, truncated or damaged.
    UnsupportedImage
        If no decoder is there for the compression, or the slices differ in kind.
    """
    read_twelve_bits()
    array = _stacked(planes)
    if array.ndim == 4:
        return luma(array), array
    return array, None


def _stacked(planes: list[Plane]) -> AnyArray:
    """Decode slices straight into their place, so that memory holds the volume once.

    The type holds what every slice holds: some may be rescaled to fractions, others not.
    """
    decoder = _Decoder()
    first = decoder.slice(planes[0])
    array = np.empty((len(planes), *first.shape), first.dtype)
    array[0] = first
    for at, plane in enumerate(planes[1:], 1):
        pixels = decoder.slice(plane)
        if pixels.shape != first.shape:
            raise UnsupportedImage(f"{plane.path} and its neighbours differ in size or colour.")
        array = array.astype(np.result_type(array, pixels), copy=False)
        array[at] = pixels
    return array


class _Decoder:
    """Reads one file after the other and keeps the last, whose next frame is likely wanted next."""

    def __init__(self) -> None:
        self._path: Any = None
        self._dataset: Any = None

    def slice(self, plane: Plane) -> AnyArray:
        """Pixels of a plane, (Y, X) rescaled or (Y, X, 3) uint8."""
        try:
            if plane.path != self._path:
                self._path, self._dataset = plane.path, pydicom.dcmread(plane.path, force=True)
            whole = _decode(self._dataset, plane)
            return whole if plane.tile is None else whole[plane.tile]
        except (UnsupportedImage, UnreadableFile):
            raise
        except Exception as error:  # decoders raise nearly anything on damaged data
            raise _explained(plane, error) from None


def _decode(dataset: Any, plane: Plane) -> AnyArray:
    if not any(k in dataset for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise UnreadableFile(
            f"{plane.path} is truncated: it has no pixels. Copy or export it again."
        )
    meta = dataset.ensure_file_meta() if not hasattr(dataset, "file_meta") else dataset.file_meta
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = transfer_syntax_of(dataset)
    stored = _stored(dataset, plane)
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        return _eight_bits(stored[..., :3])
    if "ModalityLUTSequence" in dataset:
        return apply_modality_lut(stored, dataset)
    return _rescaled(stored, *plane.rescale)


def _stored(dataset: Any, plane: Plane) -> AnyArray:
    index = plane.frame if frame_count(dataset) > 1 else None
    below = _bits_below(plane.dataset)
    if not below:
        return np.asarray(pixel_array(dataset, index=index))
    dataset.BitsStored = plane.dataset.HighBit + 1  # pydicom counts from the lowest bit
    return np.asarray(pixel_array(dataset, index=index)) >> below


def _bits_below(dataset: Any) -> int:
    """How many bits lie below those of a grey value, as old scanners stored them.

    Decompression alone knows where the bits of a compressed value are.
    """
    words = [text_of(dataset, word) for word in ("HighBit", "BitsStored", "SamplesPerPixel")]
    if not all(word.isdigit() for word in words):
        return 0
    high, stored, samples = (int(word) for word in words)
    syntax = transfer_syntax_of(dataset)
    plain = syntax == RLELossless or not syntax.is_encapsulated
    return max(high + 1 - stored, 0) if plain and samples == 1 else 0


def _eight_bits(color: AnyArray) -> UInt8Array:
    return color if color.dtype == np.uint8 else (color >> 8).astype(np.uint8)


def _rescaled(stored: AnyArray, slope: float, intercept: float) -> AnyArray:
    """Apply slope and intercept; Hounsfield units stay whole numbers."""
    if stored.dtype.kind == "f" or slope != 1 or intercept != int(intercept):
        short = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
        scaled = stored.astype(np.float64) * slope + intercept
        return scaled.astype(np.float32) if short else scaled
    if intercept == 0:
        return stored
    whole = stored.astype(np.int64) + int(intercept)
    low, high = whole.min(), whole.max()
    kinds = (np.iinfo(kind) for kind in (np.int16, np.int32, np.int64))
    return whole.astype(next(k.dtype for k in kinds if k.min <= low and high <= k.max))


def _explained(plane: Plane, error: Exception) -> Exception:
    syntax = transfer_syntax_of(plane.dataset)
    text = str(error)
    absent = ("does not support", "missing dependencies", "missing required dependencies")
    if isinstance(error, NotImplementedError) or any(phrase in text for phrase in absent):
        return UnsupportedImage(
            f"{plane.path} is compressed as {syntax.name}, for which no decoder is installed: "
            "decompress it (dcmdjpeg, gdcmconv --raw) or install pylibjpeg[all]."
        )
    return UnreadableFile(
        f"{plane.path} has damaged or truncated pixels ({damage_of(error)}): "
        "copy or export it again."
    )
