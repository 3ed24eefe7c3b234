"""PNG, JPEG and TIFF as volumes: one slice, or the pages of a TIFF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from napari_samunet.errors import InputError, UnreadableFile, UnsupportedImage
from napari_samunet.geometry import default_affine
from napari_samunet.io.choice import chosen_frame
from napari_samunet.io.color import luma
from napari_samunet.io.quiet import damage_of, silent
from napari_samunet.io.volume import Source, Volume
from napari_samunet.types import AnyArray, UInt8Array

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION = 274
_WHOLE_BITS = (1, 8, 16, 32)


@dataclass(frozen=True, eq=False)
class _Page:
    """Pixels (Y, X) or (Y, X, samples) as they are stored, and whether low ones are bright."""

    pixels: AnyArray
    negative: bool = False

    @property
    def kind(self) -> tuple[object, ...]:
        """What the pages of one stack have in common."""
        return self.pixels.shape, self.pixels.dtype, self.negative


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
        with silent():
            pages = _pages(path)
    except InputError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise UnreadableFile(
            f"{path} is a truncated, damaged or unusual picture ({damage_of(error)}): "
            "save it again."
        ) from None
    chosen = _chosen(path, pages, frame)
    array, color = _gray_or_color(path, np.stack([page.pixels for page in chosen]))
    negative = color is None and chosen[0].negative
    notes = ["no position or size of pixels is stated"]
    if negative:
        notes.append("low values are meant to be shown bright (MINISWHITE)")
    source = Source(path, "picture", None, tuple(notes), sized="")
    try:
        return Volume(array, default_affine(), color, source=source, negative=negative)
    except InputError as error:
        raise UnsupportedImage(f"{path} cannot be shown. {error}") from None


def _pages(path: Path) -> list[_Page]:
    with path.open("rb") as file:
        is_tiff = file.read(4) in _TIFF
    if not is_tiff:
        pixels = np.asarray(imageio.imread(path, plugin="pillow", index=0, rotate=False))
        with Image.open(path) as image:
            return [_Page(_of_inks(pixels) if image.mode == "CMYK" else pixels)]
    with tifffile.TiffFile(path) as tiff:
        pages: Iterable[Any] = tiff.pages
        return [_upright(path, page) for page in pages if not page.is_reduced]


def _upright(path: Path, page: Any) -> _Page:
    """A page of a TIFF: colours may be stored plane by plane, as a palette, or as inks."""
    array = _unpacked(path, page)
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        return _Page((np.moveaxis(page.colormap, 0, -1)[array] >> 8).astype(np.uint8))
    if array.ndim == 3 and page.axes.startswith("S"):
        array = np.moveaxis(array, 0, -1)
    if page.photometric == tifffile.PHOTOMETRIC.SEPARATED and array.shape[2:] == (4,):
        return _Page(_of_inks(array))
    return _Page(array, page.photometric == tifffile.PHOTOMETRIC.MINISWHITE)


def _unpacked(path: Path, page: Any) -> AnyArray:
    """The pixels of a page; by Pillow where tifffile lacks what unpacks them (LZW, JPEG, fax)."""
    if page.compression in tifffile.TIFF.DECOMPRESSORS:
        return page.asarray()
    array = _by_pillow(path, page)
    if array is None:
        raise UnsupportedImage(
            f"{path} is packed in a way ({page.compression.name}, {page.bitspersample} bits) that "
            "needs a library which is missing here: pip install imagecodecs, or save it unpacked."
        )
    return array


def _by_pillow(path: Path, page: Any) -> AnyArray | None:
    """The pixels of a page as they are stored, or None where Pillow would alter them."""
    try:
        with Image.open(path) as image:
            image.seek(page.index)
            turned = image.getexif().get(_ORIENTATION, 1) != 1
            array = np.asarray(image)
            inverted = image.mode in ("1", "L") and not page.photometric  # so that 0 is black
    except UnidentifiedImageError:
        return None
    scaled = page.bitspersample not in _WHOLE_BITS or array.itemsize < page.dtype.itemsize
    if turned or scaled or array.shape != page.shape:
        return None
    return (~array if inverted else array).astype(page.dtype)


def _of_inks(cmyk: AnyArray) -> UInt8Array:
    """Red, green and blue of cyan, magenta, yellow and black, without a colour profile."""
    inks = cmyk if cmyk.dtype == np.uint8 else cmyk >> 8
    paper = 255 - inks.astype(np.uint16)
    return ((paper[..., :3] * paper[..., 3:] + 127) // 255).astype(np.uint8)


def _chosen(path: Path, pages: list[_Page], frame: int | None) -> list[_Page]:
    """Pages of one kind: the one that was asked for, or all."""
    if not pages:
        raise UnreadableFile(f"{path} holds no picture: save it again.")
    if frame is None and len({page.kind for page in pages}) == 1:
        return pages
    names = [str(page.pixels.shape) for page in pages]
    return [pages[chosen_frame(path, len(pages), frame, "pages of different kinds", names)]]


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
