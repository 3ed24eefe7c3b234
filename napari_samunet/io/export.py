"""Labels → a file that lies exactly on the image it was drawn on.

Every file is written in a private folder beside the target, and moved over the target when it is
complete: whoever looks sees the old file or the new one, and a failure leaves the old one alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import ExportRefused, GridMismatch, InputError
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray

_FORMATS = {
    ".nii.gz": "nifti",
    ".nii": "nifti",
    ".nrrd": "nrrd",
    ".mha": "metaimage",
    ".mhd": "metaimage",
}
_NOT_YET = ("dicom-seg", "rtstruct")


def export_labels(
    labels: ArrayLike,
    volume: Volume,
    path: str | Path,
    format: str | None = None,  # noqa: A002 - the public name
    names: dict[int, str] | None = None,
) -> Path:
    """Write labels on the grid of their volume.

    Parameters
    ----------
    labels : array_like of int or bool, shape (Z, Y, X)
        0 is background. Stored as the smallest unsigned type that fits.
    volume : Volume
        The image that the labels belong to. A NIfTI source lends NIfTI labels its header: sform,
        qform, their codes and the units are copied bit for bit.
    path : str or Path
        Target: .nii.gz, .nii, .nrrd, .mha or .mhd (which writes a .zraw beside it).
    format : str, optional
        "nifti", "nrrd" or "metaimage", when it should be checked against the name.
    names : dict of int to str, optional
        Names of the labels. NRRD keeps them as 3D Slicer does; the other formats have no place for
        them.

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
    """
    target = Path(path).expanduser()
    suffix = _suffix(target, format)
    stored = smallest_unsigned(labels, volume.shape)
    target = _writable(target, volume)
    if _FORMATS[suffix] == "nifti":
        from napari_samunet.io.nifti_labels import write_nifti_labels as write
    else:
        from napari_samunet.io.simpleitk import write_simpleitk_labels as write
    _write_and_replace(target, lambda draft: write(stored, volume, draft, names or {}))
    return target


def smallest_unsigned(labels: ArrayLike, shape_zyx: tuple[int, int, int]) -> AnyArray:
    """Check labels and return them in the smallest unsigned type that fits.

    Raises
    ------
    GridMismatch
        If their shape is not ``shape_zyx``.
    InputError
        If they are no whole numbers of 0 or more, or beyond 32 bits.
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
    for dtype in (np.uint8, np.uint16, np.uint32):
        if lowest >= 0 and highest <= np.iinfo(dtype).max:
            return array.astype(dtype, copy=False)
    raise InputError(f"Labels must lie in 0 to 2**32 - 1; these run from {lowest} to {highest}.")


def _suffix(target: Path, format: str | None) -> str:  # noqa: A002
    """The longest known ending of the target's name, checked against ``format``."""
    name = target.name.lower()
    if format in _NOT_YET or name.endswith((".dcm", ".dicom")):
        raise ExportRefused(
            f"{target}: labels cannot be written as DICOM yet; export to .nii.gz or .nrrd instead."
        )
    suffix = next((s for s in _FORMATS if name.endswith(s) and name != s), None)
    if suffix is None:
        raise ExportRefused(
            f"{target} has no ending that labels can be written to; "
            f"wanted one of {' '.join(_FORMATS)}."
        )
    if format is not None and format != _FORMATS[suffix]:
        raise ExportRefused(
            f"{target} is written as {_FORMATS[suffix]}, not {format!r}: change one of them."
        )
    return suffix


def _writable(target: Path, volume: Volume) -> Path:
    """The file that the target's name leads to, refused where nothing can be written."""
    if target.is_symlink():
        target = target.resolve()
    if target.is_dir():
        raise ExportRefused(f"{target} is a folder; wanted the name of a file.")
    if not target.parent.is_dir():
        raise ExportRefused(f"{target.parent} is no folder: make it first or choose another one.")
    source = volume.source.path
    if source is not None and target.exists() and source.exists() and target.samefile(source):
        raise ExportRefused(f"{target} is the image itself: choose another name for the labels.")
    return target


def _write_and_replace(target: Path, write: Callable[[Path], None]) -> None:
    draft_folder = None
    try:
        draft_folder = Path(tempfile.mkdtemp(prefix=".samunet-", dir=target.parent))
        draft = draft_folder / target.name
        write(draft)
        _replace(target, draft)
    except OSError as error:
        raise ExportRefused(
            f"{target} cannot be written ({error.strerror or error}): "
            "choose another folder or make room."
        ) from None
    finally:
        if draft_folder is not None:
            shutil.rmtree(draft_folder, ignore_errors=True)


def _replace(target: Path, draft: Path) -> None:
    """Move what was written over the target: voxels beside a header first, the header last."""
    written = sorted(draft.parent.iterdir(), key=lambda file: file == draft)
    for file in written:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    for file in written:
        os.replace(file, target.parent / file.name)
