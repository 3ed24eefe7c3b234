"""PNG, JPEG and TIFF as volumes: one slice, or the pages of a TIFF."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import tifffile

from napari_samunet.errors import (
    ChoiceNeeded,
    InputError,
    UnreadableFile,
    UnsupportedImage,
)
from napari_samunet.geometry import default_affine
from napari_samunet.io.color import luma
from napari_samunet.io.quiet import silent_log
from napari_samunet.io.volume import Source, Volume
from napari_samunet.types import AnyArray, UInt8Array

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_picture(path: Path, frame: int | None = None) -> Volume:
    """Read a picture as a volume of 1 mm pixels without a position.

    Parameters
    ----------
    path : Path
        .png .jpg .tif
    frame : int, optional
        Page of a TIFF whose pages differ in size, counted from 0; pages of one size make one stack.

    Returns
    -------
    Volume
        Of a colour picture ``color`` holds red, green and blue, and ``array`` its luma.

    Raises
    ------
    UnreadableFile
        If the file is truncated or damaged.
    ChoiceNeeded
        If its pages differ in size and ``frame`` is None.
    UnsupportedImage
        If its pixels are neither numbers nor colours.
    """
    try:
        with _quiet():
            pages = _pages(path)
    except InputError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise UnreadableFile(
            f"{path} is a truncated, damaged or unusual picture ({_reason(error)}): save it again."
        ) from None
    array, color = _stacked(path, pages, frame)
    source = Source(path, "picture", None, ("no position or size of pixels is stated",))
    try:
        return Volume(array, default_affine(), color, source=source)
    except InputError as error:
        raise UnsupportedImage(f"{path} cannot be shown. {error}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what decoders say about damaged files off the terminal; the error tells it."""
    with silent_log("tifffile"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _pages(path: Path) -> list[AnyArray]:
    with path.open("rb") as file:
        is_tiff = file.read(4) in _TIFF
    if not is_tiff:
        return [np.asarray(imageio.imread(path, plugin="pillow", index=0, rotate=False))]
    with tifffile.TiffFile(path) as tiff:
        pages: Iterable[Any] = tiff.pages
        return [_upright(page) for page in pages if not page.is_reduced]


def _upright(page: Any) -> AnyArray:
    """A page as (Y, X) or (Y, X, samples): colours may be stored plane by plane."""
    array = page.asarray()
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        return (np.moveaxis(page.colormap, 0, -1)[array] >> 8).astype(np.uint8)
    planar = array.ndim == 3 and page.axes.startswith("S")
    return np.moveaxis(array, 0, -1) if planar else array


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__


def _stacked(
    path: Path, pages: list[AnyArray], frame: int | None
) -> tuple[AnyArray, UInt8Array | None]:
    if not pages:
        raise UnreadableFile(f"{path} holds no picture: save it again.")
    if frame is not None:
        if not 0 <= frame < len(pages):
            raise InputError(f"{path} has no page {frame}: it holds pages 0 to {len(pages) - 1}.")
        pages = [pages[frame]]
    if len({(page.shape, page.dtype) for page in pages}) > 1:
        raise ChoiceNeeded(
            f"{path} holds {len(pages)} pages of different kinds: choose one with frame=0 to "
            f"frame={len(pages) - 1} (--frame).",
            tuple(f"frame {n}: {page.shape}" for n, page in enumerate(pages)),
        )
    return _gray_or_color(path, np.stack(pages))


def _gray_or_color(path: Path, array: AnyArray) -> tuple[AnyArray, UInt8Array | None]:
    """Split (Z, Y, X[, samples]) into intensities and colours; alpha is dropped."""
    if array.ndim == 3:
        return array, None
    if array.ndim != 4 or array.shape[-1] > 4:
        shape = array.shape[1:]
        raise UnsupportedImage(f"{path} has pages of shape {shape}; wanted grey or RGB pictures.")
    if array.shape[-1] < 3:
        return array[..., 0], None
    if array.dtype not in (np.uint8, np.uint16):
        raise UnsupportedImage(f"{path} has colours of {array.dtype}; wanted 8 or 16 bits.")
    rgb = array[..., :3] if array.dtype == np.uint8 else (array[..., :3] >> 8).astype(np.uint8)
    color = np.ascontiguousarray(rgb)
    if (color[..., 0] == color[..., 1]).all() and (color[..., 1] == color[..., 2]).all():
        return color[..., 0].copy(), None
    return luma(color), color
