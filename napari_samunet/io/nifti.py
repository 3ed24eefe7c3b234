"""NIfTI-1 and NIfTI-2, single files and pairs, gzipped or not, through nibabel.

Reading keeps storage order: ``array[k, j, i]`` is voxel (i, j, k), and the affine is the file's own
matrix with its columns exchanged.

Standard: https://nifti.nimh.nih.gov (NIfTI-1.1 and NIfTI-2).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.fileholders import FileHolder
from nibabel.spatialimages import HeaderDataError

from napari_samunet.errors import InputError, UnreadableFile, UnsupportedImage
from napari_samunet.io.choice import chosen_frame
from napari_samunet.io.color import luma
from napari_samunet.io.gunzip import DAMAGED, Gunzip, unpacked
from napari_samunet.io.hounsfield import TAKEN_FOR_CT, looks_like_ct
from napari_samunet.io.nifti_place import placed
from napari_samunet.io.quiet import silent
from napari_samunet.io.volume import Source, Volume
from napari_samunet.types import AnyArray, FloatArray, UInt8Array, Window

_MAGICS = {b"n+1\0": 344, b"ni1\0": 344, b"n+2\0": 4, b"ni2\0": 4}
_PAIRED = (b"ni1\0", b"ni2\0")
_GZIP_MOST = 1100
"""Deflate never shrinks data by more than about 1032 : 1, so no file holds more than this."""

_BROKEN: tuple[type[Exception], ...] = (
    *DAMAGED,
    OSError,
    ValueError,
    HeaderDataError,
    ImageFileError,
    MemoryError,
)


def nifti_magic(start: bytes) -> bytes | None:
    """Return the magic string of NIfTI data from its first 352 bytes, or None for anything else."""
    for magic, offset in _MAGICS.items():
        if start[offset : offset + 4] == magic:
            return magic
    return None


def read_nifti(path: Path, frame: int | None = None) -> Volume:
    """Read a NIfTI file as a volume.

    Parameters
    ----------
    path : Path
        ``.nii``, ``.nii.gz``, or either half of an ``.hdr``/``.img`` pair.
    frame : int, optional
        Time point (fourth axis), counted from 0; needed where there are several.

    Returns
    -------
    Volume
        Numbers as stored where the file has no scaling; scaled ones are float32, or float64 where
        more than 16 bits are stored.

    Raises
    ------
    UnreadableFile
        If the file is truncated or damaged, or half of a pair is missing.
    ChoiceNeeded
        If the file holds several time points and ``frame`` is None.
    UnsupportedImage
        If it has more than four axes, or voxels that are no real numbers or colours.
    """
    with _opened(path) as image:
        header, steps_xyz = image.header, _steps_of(path, image)
        array, color = _voxels(path, image, frame)
    affine, place, sized, notes = placed(path, header, steps_xyz, array.shape)
    modality = "CT" if color is None and looks_like_ct(array) else None
    if modality:
        notes = (*notes, TAKEN_FOR_CT)
    files = pair_of(path)
    source = Source(path, "nifti", header.copy(), notes, place=place, sized=sized, files=files)
    try:
        return Volume(array, affine, color, modality, _window(header, array), source)
    except UnsupportedImage as error:
        raise UnsupportedImage(f"{path} cannot be shown. {error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A nibabel image whose files stay open; what goes wrong in them becomes one clear error."""
    with ExitStack() as files:
        files.enter_context(silent())  # tells of every field that it mends
        try:
            image = _image(path, files)
            _check_size(path, image)
            yield image
        except InputError:
            raise
        except _BROKEN as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UnreadableFile(
                f"{path} looks like NIfTI but is truncated or damaged ({reason}): "
                "export or copy it again."
            ) from None


def _image(path: Path, files: ExitStack) -> Any:
    """Open without mapping memory: a mapped file that another program shortens ends the process."""
    header_path, image_path = pair_of(path)
    header = files.enter_context(unpacked(header_path))
    magic = nifti_magic(header.read(352))
    header.seek(0)
    if magic is None:
        raise UnreadableFile(
            f"{header_path} is no NIfTI header: Analyze 7.5 states no orientation; convert it."
        )
    if magic not in _PAIRED:
        single = nib.Nifti1Image if magic == b"n+1\0" else nib.Nifti2Image
        return single.from_file_map({"image": FileHolder(fileobj=header)}, mmap=False)
    if not image_path.is_file():
        raise UnreadableFile(
            f"{path} is half of a pair and {image_path.name} is missing beside it."
        )
    pair = nib.Nifti1Pair if magic == b"ni1\0" else nib.Nifti2Pair
    image = files.enter_context(unpacked(image_path))
    file_map = {"header": FileHolder(fileobj=header), "image": FileHolder(fileobj=image)}
    return pair.from_file_map(file_map, mmap=False)


def _steps_of(path: Path, image: Any) -> FloatArray:
    """Steps along x, y, z as they are stored; nibabel puts 1 for those of 0."""
    with unpacked(pair_of(path)[0]) as file:
        header = image.header_class.from_fileobj(file, check=False)
    return np.array(header["pixdim"][1:4], np.float64)


def pair_of(path: Path) -> tuple[Path, Path]:
    """Names of header and image file: the same path twice for a single file."""
    stem, gz = (
        (path.name[:-3], path.name[-3:]) if path.name.lower().endswith(".gz") else (path.name, "")
    )
    for suffixes in ((".hdr", ".img"), (".HDR", ".IMG")):
        if stem.endswith(suffixes):
            header, image = (path.with_name(f"{stem[:-4]}{suffix}{gz}") for suffix in suffixes)
            return (header, image) if header.is_file() else (path, path)
    return path, path


def _check_size(path: Path, image: Any) -> None:
    """Refuse a header that promises more voxels than the file holds, before asking for memory."""
    shape = image.header.get_data_shape()
    wanted = image.header.get_data_dtype().itemsize * int(
        np.prod([int(n) for n in shape], dtype=object)
    )
    if any(n < 1 for n in shape) or not shape:
        raise UnsupportedImage(f"{path} holds no voxels: its shape is {shape}.")
    data_path = pair_of(path)[1]
    present = data_path.stat().st_size
    most = present * _GZIP_MOST if isinstance(image.dataobj.file_like, Gunzip) else present
    if wanted > most:
        raise UnreadableFile(
            f"{path} is truncated: its header promises {wanted} bytes of voxels, "
            f"{data_path.name} has {present}. Copy it again."
        )


def _voxels(path: Path, image: Any, frame: int | None) -> tuple[AnyArray, UInt8Array | None]:
    shape = _spatial_shape(path, image.header.get_data_shape())
    proxy = image.dataobj
    count = shape[3] if len(shape) == 4 else 1
    place = chosen_frame(path, count, frame, "time points")
    chosen = place if count > 1 else None
    if proxy.dtype.names:
        color = _color(path, _part(proxy, chosen, len(proxy.shape)), shape)
        return luma(color), color
    stored = _part(proxy, chosen, len(proxy.shape)).reshape(shape[:3], order="F").T
    slope, inter = proxy.slope, proxy.inter
    return (stored if (slope, inter) == (1, 0) else _scaled(stored, slope, inter)), None


def _spatial_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as (X, Y, Z) or (X, Y, Z, T)."""
    sizes = [int(n) for n in shape]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    if len(sizes) > 4:
        raise UnsupportedImage(
            f"{path} has {len(sizes)} axes {tuple(sizes)}; wanted a volume of 3 axes, or 4 with "
            "time. Save the part that you need as a 3-D file."
        )
    if len(sizes) < 2:
        raise UnsupportedImage(
            f"{path} has one axis of {sizes[0]} values; wanted an image of 2 or 3 axes."
        )
    return tuple(sizes + [1] * (3 - len(sizes)))


def _part(proxy: Any, frame: int | None, axes: int) -> AnyArray:
    """Stored numbers of one time point, without scaling."""
    if frame is None:
        return np.asarray(proxy.get_unscaled())
    cut = (slice(None),) * 3 + (frame,) + (0,) * (axes - 4)
    plain = type(proxy)(
        proxy.file_like, (proxy.shape, proxy.dtype, proxy.offset, 1.0, 0.0), mmap=False
    )
    return np.asarray(plain[cut])


def _scaled(stored_zyx: AnyArray, slope: float, inter: float) -> AnyArray:
    """Apply the scaling in double precision, a plane at a time.

    float32 holds every scaled 16-bit value; what is stored longer stays in double precision.
    """
    if stored_zyx.dtype.kind == "c":
        raise UnsupportedImage(f"A volume holds real numbers; this file holds {stored_zyx.dtype}.")
    short = stored_zyx.dtype.itemsize <= 2 or stored_zyx.dtype == np.float32
    scaled = np.empty(stored_zyx.shape, dtype=np.float32 if short else np.float64)
    with np.errstate(over="ignore"):  # beyond float32 is infinity
        for target, plane in zip(scaled, stored_zyx, strict=True):
            target[...] = plane.astype(np.float64) * slope + inter
    return scaled


def _color(path: Path, stored: AnyArray, shape: tuple[int, ...]) -> UInt8Array:
    names = stored.dtype.names or ()
    if names[:3] != ("R", "G", "B"):
        raise UnsupportedImage(f"{path} holds records of {names}; wanted numbers or RGB colours.")
    planes = [stored[name].reshape(shape[:3], order="F").T for name in "RGB"]
    return np.stack(planes, axis=-1).astype(np.uint8)


def _window(header: Any, array: AnyArray) -> Window | None:
    """Display range from cal_min and cal_max, where it says more than the range of the data."""
    low, high = float(header["cal_min"]), float(header["cal_max"])
    if not (np.isfinite((low, high)).all() and low < high) or array.dtype.kind == "c":
        return None
    lowest, highest = float(np.nanmin(array)), float(np.nanmax(array))
    says_nothing = low <= lowest and high >= highest
    return None if says_nothing or high <= lowest or low >= highest else (low, high)
