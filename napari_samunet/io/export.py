"""Labels → a file that lies exactly on the image it was drawn on.

Every file is written in a private folder beside the target, and moved over the target when it is
complete: whoever looks sees the old file or the new one, and a failure leaves the old one alone.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import ExportRefused, GridMismatch, InputError, UnknownEnding
from napari_samunet.io.originals import check_original, originals_of
from napari_samunet.io.paths import is_folder
from napari_samunet.io.segments import Segment, segments_of
from napari_samunet.io.volume import Volume
from napari_samunet.replacing import cause_of, draft_folder, put_in_place, sweep
from napari_samunet.types import AnyArray

_FORMATS = {
    ".nii.gz": "nifti",
    ".nii": "nifti",
    ".nrrd": "nrrd",
    ".mha": "metaimage",
    ".mhd": "metaimage",
    ".dcm": "dicom-seg",
}
_DICOM = ("dicom-seg", "rtstruct")
_BESIDE = {".mhd": (".zraw", ".raw")}
"""Endings of further files of its name that belong to a target and are replaced with it."""


def export_labels(
    labels: ArrayLike,
    volume: Volume,
    path: str | Path,
    format: str | None = None,  # noqa: A002 - the public name
    names: dict[int, str] | None = None,
    segments: Sequence[Segment] | None = None,
) -> Path:
    """Write labels on the grid of their volume.

    Parameters
    ----------
    labels : array_like of int or bool, shape (Z, Y, X)
        0 is background. Stored as the smallest unsigned type that fits.
    volume : Volume
        The image that the labels belong to. A NIfTI source lends NIfTI labels its header: sform,
        qform, their codes and the units are copied bit for bit. DICOM can only be written for a
        volume that came from DICOM.
    path : str or Path
        Target: .nii.gz, .nii, .nrrd, .mha, .mhd (which writes a .zraw beside it) or .dcm.
    format : str, optional
        "nifti", "nrrd", "metaimage", "dicom-seg" or "rtstruct". The name's ending tells it; only
        .dcm may be either, and is a DICOM SEG where nothing else is said.
    names : dict of int to str, optional
        Names of the labels. NRRD keeps them as 3D Slicer does, DICOM with codes; the other formats
        have no place for them.
    segments : sequence of Segment, optional
        The objects themselves, where they have more to tell than ``labels``: names, colours, the
        model behind them, and masks that overlap, which DICOM keeps.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ExportRefused
        If the format cannot hold the labels or the target cannot be written; what was there stays.
    GridMismatch
        If labels and volume differ in shape.
    InputError
        If labels are no whole numbers of 0 to 65535.
    """
    target = Path(path).expanduser()
    format = format_of(target, format)  # noqa: A001
    stored = smallest_unsigned(labels, volume.shape)
    target = check_target(target, volume)
    originals = originals_of(volume)
    objects = segments_of(stored, names) if segments is None else segments
    write = _WRITERS[format]
    write_and_replace(target, lambda draft: write(stored, volume, draft, objects), originals)
    return target


def check_exportable(volume: Volume, path: str | Path, format: str | None = None) -> None:  # noqa: A002
    """Refuse before any work is done what `export_labels` would refuse of an image afterwards.

    Raises
    ------
    ExportRefused
        If labels of this volume cannot be written under this name.
    """
    if Path(path).suffix.lower() == ".dcm" and format_of(Path(path), format) in _DICOM:
        from napari_samunet.io.dicom_behind import series_behind

        series_behind(volume, "RTSTRUCT" if format == "rtstruct" else "DICOM SEG")


def _nifti(stored: AnyArray, volume: Volume, draft: Path, objects: Sequence[Segment]) -> None:
    from napari_samunet.io.nifti_labels import write_nifti_labels

    write_nifti_labels(stored, volume, draft)


def _simpleitk(stored: AnyArray, volume: Volume, draft: Path, objects: Sequence[Segment]) -> None:
    from napari_samunet.io.simpleitk_labels import write_simpleitk_labels

    write_simpleitk_labels(stored, volume, draft, objects)


def _dicom_seg(stored: AnyArray, volume: Volume, draft: Path, objects: Sequence[Segment]) -> None:
    from napari_samunet.io.dicom_seg import write_dicom_seg

    write_dicom_seg(objects, volume, draft)


def _rtstruct(stored: AnyArray, volume: Volume, draft: Path, objects: Sequence[Segment]) -> None:
    from napari_samunet.io.rtstruct import write_rtstruct

    write_rtstruct(objects, volume, draft)


_WRITERS = {
    "nifti": _nifti,
    "nrrd": _simpleitk,
    "metaimage": _simpleitk,
    "dicom-seg": _dicom_seg,
    "rtstruct": _rtstruct,
}


def smallest_unsigned(labels: ArrayLike, shape_zyx: tuple[int, int, int]) -> AnyArray:
    """Check labels and return them in the smallest unsigned type that fits.

    Raises
    ------
    GridMismatch
        If their shape is not ``shape_zyx``.
    InputError
        If they are no whole numbers of 0 to 65535.
    """
    array = np.asarray(labels)
    if array.shape != tuple(shape_zyx):
        raise GridMismatch(
            f"The labels have shape {array.shape}, the image has {tuple(shape_zyx)}: "
            "export labels that were drawn on this image."
        )
    if array.dtype.kind not in "bui":
        raise InputError(f"Labels must be whole numbers; these are {array.dtype}.")
    lowest, highest = int(array.min()), int(array.max())
    for dtype in (np.uint8, np.uint16):
        if lowest >= 0 and highest <= np.iinfo(dtype).max:
            return array.astype(dtype, copy=False)
    raise InputError(
        f"Labels must lie in 0 to 65535; these run from {lowest} to {highest}: number them anew."
    )


def format_of(target: Path, format: str | None = None) -> str:  # noqa: A002
    """Tell the format by the longest known ending of a name, checked against ``format``.

    Raises
    ------
    ExportRefused
        If the name has no known ending, or contradicts ``format``.
    """
    name = target.name.lower()
    suffix = next((s for s in _FORMATS if name.endswith(s) and name != s), None)
    if suffix is None:
        raise UnknownEnding(
            f"{target} has no ending that labels can be written to; "
            f"wanted one of {' '.join(_FORMATS)}."
        )
    told = _FORMATS[suffix]
    if format in _DICOM and told in _DICOM:
        return format
    if format is not None and format != told:
        raise ExportRefused(f"{target} is written as {told}, not {format!r}: change one of them.")
    return told


def check_target(target: Path, volume: Volume) -> Path:
    """Return the file that the target's name leads to.

    Raises
    ------
    ExportRefused
        If nothing can be written there, or it is the image itself or a file of it.
    """
    if os.path.islink(target):  # False, where `Path.is_symlink` raises what nobody catches
        target = target.resolve()
    if is_folder(target):
        raise ExportRefused(f"{target} is a folder; wanted the name of a file.")
    if not target.parent.is_dir():
        raise ExportRefused(f"{target.parent} is no folder: make it first or choose another one.")
    for file in (target, sidecar_of(target)):
        check_original(file, originals_of(volume))
    return target


def sidecar_of(target: Path) -> Path:
    """The file beside labels that tells how they came about."""
    return target.with_name(f"{target.name}.json")


def write_and_replace(
    target: Path, write: Callable[[Path], object], originals: Sequence[Path] = ()
) -> None:
    """Let ``write`` make a draft in a private folder, then move it over the target.

    Parameters
    ----------
    target : Path
    write : callable
        Gets the path of the draft; it may write further files beside it.
    originals : sequence of Path
        Files of the image, which nothing that was written may replace.

    Raises
    ------
    ExportRefused
        If nothing can be written there; what was there stays.
    """
    folder = None
    try:
        folder = draft_folder(target.parent)
        sweep(folder)
        draft = folder / _draft_name(target)
        write(draft)
        _replace(target, draft, originals)
    except OSError as error:
        raise ExportRefused(
            f"{target} cannot be written ({cause_of(error)}): choose another folder or make room."
        ) from None
    except MemoryError:
        raise ExportRefused(
            f"{target} needs more memory than this computer has left: close other programs, or "
            "export fewer objects at a time."
        ) from None
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _draft_name(target: Path) -> str:
    """A short name of the same ending, lest the draft's path is too long where the target's is not,
    in letters that any library opens.

    Where further files belong to a target it is its own, for they name each other.
    """
    if target.suffix.lower() in _BESIDE:
        return target.name
    return re.sub(r"[^ -~]", "_", target.name[-len(".seg.nrrd") :])


def _replace(target: Path, draft: Path, originals: Sequence[Path]) -> None:
    """Move what was written over the target: voxels beside a header first, the header last."""
    if not draft.is_file():
        raise OSError("it came out under another name")
    # What else lies there is not ours, e.g. what macOS writes beside each file on some disks.
    beside = [
        (draft.with_suffix(suffix), target.with_suffix(suffix))
        for suffix in _BESIDE.get(draft.suffix.lower(), ())
        if draft.with_suffix(suffix).is_file()
    ]
    for file, place in (*beside, (draft, target)):
        check_original(place, originals)
        with file.open("r+b") as handle:  # Windows flushes only what may be written
            os.fsync(handle.fileno())
    try:
        for file, place in beside:
            with suppress(FileNotFoundError):
                put_in_place(place, _aside(file))
            put_in_place(file, place)
        put_in_place(draft, target)
    except BaseException:  # lest an old header stays with new voxels
        for file, place in beside:
            if _aside(file).exists():
                put_in_place(_aside(file), place)
            elif not file.exists():
                place.unlink()
        raise


def _aside(file: Path) -> Path:
    """Where in the private folder the file is kept that a new one replaces."""
    return file.with_name(f"{file.name}~")
