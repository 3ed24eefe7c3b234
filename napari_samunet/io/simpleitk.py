"""NRRD, MetaImage and GIPL through SimpleITK, which converts every world to LPS millimetres.

Formats: https://teem.sourceforge.net/nrrd/format.html, https://itk.org/Wiki/MetaIO.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - everybody's name for it

from napari_samunet.errors import (
    InputError,
    UnreadableFile,
    UnsupportedImage,
)
from napari_samunet.geometry import flip_lps_ras, reverse_axes
from napari_samunet.io import metaimage, nrrd_bzip2
from napari_samunet.io.ansi_path import ansi_path
from napari_samunet.io.choice import chosen_frame
from napari_samunet.io.color import luma
from napari_samunet.io.detached import check_voxels, note_of_rest
from napari_samunet.io.gunzip import DAMAGED, Gunzip, unpacked
from napari_samunet.io.hounsfield import TAKEN_FOR_CT, looks_like_ct
from napari_samunet.io.originals import voxel_files
from napari_samunet.io.quiet import shared
from napari_samunet.io.volume import UNSIZED, Sized, Source, Volume, sized_of
from napari_samunet.types import AnyArray, FloatArray, UInt8Array

_MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_NM": "NM", "MET_MOD_US": "US"}

_BEYOND_ITK = ("doesn't match dimension of space", "encoding not available", "not supported")
_GIPL_HEADER = 256
_SEGMENT_KEY = re.compile(r"Segment\d+_")
_ANATOMICAL = re.compile("(right|left)-(anterior|posterior)-superior(-time)?")
# The signs to LPS of spaces that ITK does not convert, as it does without time.
_LEFT_ALONE = {
    "right-anterior-superior-time": (-1, -1, 1),
    "left-anterior-superior-time": (1, -1, 1),
}


def read_simpleitk(path: Path, frame: int | None = None) -> Volume:
    """Read NRRD, MetaImage or GIPL as a volume.

    Parameters
    ----------
    path : Path
        .nrrd .nhdr .mha .mhd .gipl
    frame : int, optional
        Time point (fourth axis, or component of a vector image), counted from 0.

    Raises
    ------
    UnreadableFile
        If the file, or the data file that its header names, is missing, truncated or damaged, or
        the data file is an image itself, whose own header would be read as voxels.
    ChoiceNeeded
        If it holds several time points and ``frame`` is None.
    UnsupportedImage
        If it has one axis or more than four, or voxels that are no real numbers or colours.
    """
    image = read_image(path)
    array, color = _voxels(path, image, frame)
    header = _header(image)
    modality = _MODALITIES.get(header["metadata"].get("Modality", "").strip())
    notes: tuple[str, ...] = ()
    if modality is None and color is None and looks_like_ct(array):
        modality, notes = "CT", (TAKEN_FOR_CT,)
    place = _place(path, image)
    sized, files = _sized(path, image), voxel_files(path)
    rest = note_of_rest(path, files[0], image.GetSizeOfPixelComponent()) if len(files) == 1 else ""
    if rest:
        notes = (*notes, rest)
    if not sized:
        notes = (*notes, UNSIZED)
    source = Source(path, "sitk", header, notes, place=place, sized=sized, files=files)
    try:
        return Volume(array, _affine(image), color, modality, source=source)
    except InputError as error:
        raise UnsupportedImage(f"{path} cannot be shown. {error}") from None


def read_image(path: Path) -> sitk.Image:
    """Read NRRD, MetaImage or GIPL as SimpleITK has it; raises as `read_simpleitk` does."""
    with _quiet(path), _plain(path) as plain:
        reader = _reader(plain)
        _check_axes(path, reader)
        return reader.Execute()


@shared
@contextmanager
def _unwarned() -> Iterator[None]:
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


@contextmanager
def _quiet(path: Path) -> Iterator[None]:
    """Turn what ITK raises into one clear line, and keep its own warnings off the terminal."""
    try:
        with _unwarned():
            yield
    except (RuntimeError, MemoryError) as error:
        reason = itk_reason(error)
        if any(phrase in reason for phrase in _BEYOND_ITK):
            raise UnsupportedImage(
                f"{path} is of a kind that SimpleITK cannot read ({reason}): save it as .nii.gz, "
                "or as NRRD of 3 axes with raw or gzip encoding."
            ) from None
        raise UnreadableFile(
            f"{path} is truncated or damaged ({reason}): export or copy it again."
        ) from None


def itk_reason(error: BaseException) -> str:
    """The clause of an ITK message that names the cause, without places in its source code."""
    text = str(error).replace("itk::ERROR: ", "").replace("ITK ERROR: ", "")
    lines = [re.sub(r"\w+\(0x[0-9a-f]+\): ", "", line).strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("Reason:")]
    return told[-1][:160].rstrip(".") if told else type(error).__name__


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Give a file that ITK reads: the same one, unless it cannot unpack it or find its voxels."""
    if _image_io(path) == "MetaImageIO":
        metaimage.check_metaimage(path)
        opened = metaimage.plain_metaimage(path)
    else:
        opened = nrrd_bzip2.plain_nrrd(path)
    with opened as plain:
        yield plain


def _reader(path: Path) -> sitk.ImageFileReader:
    image_io = _image_io(path)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(image_io)
    try:
        reader.SetFileName(ansi_path(path))
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be opened: {error}. Copy it there.") from None
    reader.ReadImageInformation()
    if image_io == "GiplImageIO":
        _check_gipl(path, reader)
    if image_io == "NrrdImageIO":
        check_voxels(path, _width(reader))
    return reader


def _image_io(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(5) == b"NRRD0":
            return "NrrdImageIO"
    if path.name.lower().endswith((".gipl", ".gipl.gz")):
        return "GiplImageIO"
    return "MetaImageIO"


def _check_gipl(path: Path, reader: sitk.ImageFileReader) -> None:
    """Refuse a truncated GIPL, which ITK fills up with whatever lies in memory."""
    with unpacked(path) as file:
        present = _length(file) if isinstance(file, Gunzip) else file.seek(0, os.SEEK_END)
    wanted = _GIPL_HEADER + math.prod(reader.GetSize()) * _width(reader)
    if present < wanted:
        raise UnreadableFile(f"{path} is truncated: {wanted} bytes promised, {present} there.")


def _width(reader: sitk.ImageFileReader) -> int:
    """Bytes of one number."""
    return sitk.Image([1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()


def _length(file: Gunzip) -> int:
    try:
        return sum(len(block) for block in iter(lambda: file.read(1 << 20), b""))
    except DAMAGED:
        return 0


def _check_axes(path: Path, reader: sitk.ImageFileReader) -> None:
    sizes = reader.GetSize()
    if not 2 <= len(sizes) <= 4:
        raise UnsupportedImage(
            f"{path} has {len(sizes)} axes {sizes}; wanted an image of 2 or 3 axes, or 4 with time."
        )


def _voxels(path: Path, image: sitk.Image, frame: int | None) -> tuple[AnyArray, UInt8Array | None]:
    """Voxels (Z, Y, X) and, of a colour image, its colours (Z, Y, X, 3)."""
    array = sitk.GetArrayFromImage(image)
    components = image.GetNumberOfComponentsPerPixel()
    array = array if components > 1 else array[..., None]
    array = array[None] if image.GetDimension() == 2 else array
    array = array if image.GetDimension() == 4 else array[None]  # (T, Z, Y, X, C)
    is_color = components in (3, 4) and array.dtype == np.uint8 and not _is_layered(path, image)
    if is_color:
        color = np.ascontiguousarray(
            array[chosen_frame(path, len(array), frame, "frames")][..., :3]
        )
        return luma(color), color
    if components > 1:
        array = np.concatenate(np.split(array, components, axis=-1))
    return np.ascontiguousarray(
        array[chosen_frame(path, len(array), frame, "frames")][..., 0]
    ), None


def _is_layered(path: Path, image: sitk.Image) -> bool:
    """Whether components are layers of masks; a NRRD of colours may call them "vector"."""
    keys = image.GetMetaDataKeys()
    return (
        path.name.lower().endswith((".seg.nrrd", ".seg.nhdr"))
        or any(_SEGMENT_KEY.match(key) for key in keys)
        or ("NRRD_kinds[pixel]" in keys and image.GetMetaData("NRRD_kinds[pixel]") == "list")
    )


def _header(image: sitk.Image) -> dict[str, Any]:
    readable = (key for key in image.GetMetaDataKeys() if _is_utf8(key))
    metadata = {key: image.GetMetaData(key) for key in readable}
    return {
        "origin": image.GetOrigin(),
        "spacing": image.GetSpacing(),
        "direction": image.GetDirection(),
        "metadata": metadata,
    }


def _place(path: Path, image: sitk.Image) -> str | None:
    """What tells how the axes run in the patient; ITK makes directions up where nothing does."""
    if image.GetDimension() < 3:  # a picture, of which nobody says how it lies
        return None
    space = _space(image)
    if _ANATOMICAL.fullmatch(space) and nrrd_bzip2.states_directions(path):
        return f"NRRD space {space}"
    is_told = _image_io(path) == "MetaImageIO" and metaimage.states_directions(path)
    return "MetaImage header" if is_told else None


def _sized(path: Path, image: sitk.Image) -> Sized:
    """What is stated in millimetres; ITK takes 1 mm for the rest."""
    steps = list(image.GetSpacing())
    kind = _image_io(path)
    if kind == "MetaImageIO" and not metaimage.states_spacing(path):
        return ""
    if kind == "NrrdImageIO" and not nrrd_bzip2.states_directions(path):
        steps = nrrd_bzip2.spacings(path)
        if len(steps) > image.GetDimension():  # one axis holds colours or layers, without spacing
            unstated = [n for n, step in enumerate(steps) if math.isnan(step)]
            del steps[unstated[0] if unstated else 0]
    return sized_of(steps[:3])


def _space(image: sitk.Image) -> str:
    """NRRD's word for the directions of its world, in full; "" where there is none."""
    return image.GetMetaData("NRRD_space") if image.HasMetaDataKey("NRRD_space") else ""


def _is_utf8(key: str) -> bool:
    """Say whether SimpleITK takes a key back: it raises on bytes of a damaged header."""
    return not any("\ud800" <= letter <= "\udfff" for letter in key)


def _affine(image: sitk.Image) -> FloatArray:
    """(z, y, x, 1) → RAS+ from ITK's LPS origin, spacing and direction; 2-D images lie at z = 0."""
    axes = image.GetDimension()
    used = min(axes, 3)
    direction = np.array(image.GetDirection()).reshape(axes, axes)[:used, :used]
    affine = np.eye(4)
    affine[:used, :used] = direction * np.array(image.GetSpacing())[:used]
    affine[:used, 3] = image.GetOrigin()[:used]
    affine[:3] *= np.array(_LEFT_ALONE.get(_space(image), (1, 1, 1)))[:, None]
    return reverse_axes(flip_lps_ras(affine))
