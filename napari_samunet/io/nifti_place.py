"""Where the voxels of a NIfTI file lie: sform against qform, and what is odd about them.

Standard: https://nifti.nimh.nih.gov (NIfTI-1.1, methods 1 to 3 of orientation).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spatialimages import HeaderDataError

from napari_samunet.errors import InputError, UnsupportedImage
from napari_samunet.geometry import (
    as_affine,
    complete_affine,
    grid_distance_mm,
    reverse_axes,
    spacing_of,
)
from napari_samunet.io.volume import UNSIZED, Sized, sized_of
from napari_samunet.types import FloatArray

_SPACES = {1: "scanner", 2: "aligned", 3: "Talairach", 4: "MNI", 5: "template"}
_UNITS_OF_LENGTH = {0: ("", 1.0), 1: ("metres", 1e3), 2: ("mm", 1.0), 3: ("micrometres", 1e-3)}
"""Name, and millimetres in one; 0 states none, which everybody takes for mm."""
_CONTRADICTS = 0.05
"""sform and qform may differ by this share of the smallest spacing: both are rounded."""


def placed(
    path: Path, header: Any, steps_xyz: FloatArray, shape_zyx: tuple[int, ...]
) -> tuple[FloatArray, str | None, Sized, tuple[str, ...]]:
    """Where a file says that its voxels lie.

    Parameters
    ----------
    path : Path
        For messages.
    header : nibabel.Nifti1Header
        NIfTI-2 too.
    steps_xyz : ndarray, shape (3,)
        As they are stored (pixdim); the header has 1 for a step of 0.
    shape_zyx : (int, int, int)

    Returns
    -------
    affine : ndarray, shape (4, 4)
        (z, y, x, 1) → RAS+ mm: the sform where it is set and usable, else the qform, else spacing.
    place : str or None
        Which of them that was, and in which space; None for the spacing, which places nothing.
    sized : str
        What of it states millimetres, as `Source` has it.
    notes : tuple of str
        What was odd.

    Raises
    ------
    UnsupportedImage
        If none of them is usable.
    """
    notes = list(_unit_notes(header))
    for name in ("sform", "qform", "spacing"):
        matrix, code = _stated(header, name)
        if matrix is None or (name != "spacing" and code == 0):
            continue
        try:
            affine = as_affine(complete_affine(reverse_axes(matrix), shape_zyx))
        except InputError:
            notes.append(f"the {name} is unusable and was left aside")
            continue
        lengths = np.linalg.norm(matrix[:3, :3], axis=0) if name == "sform" else steps_xyz
        # A file of two axes has a third column and step of whatever its writer takes for nothing.
        sized = sized_of(lengths[: len(header.get_data_shape())])
        if not sized:
            notes.append(UNSIZED)
        if name == "spacing":
            notes.append("no orientation is stated (sform and qform codes are 0)")
            return affine, None, sized, tuple(notes)
        if name == "sform":
            notes += _contradiction(header, affine, shape_zyx)
        return affine, f"{name}, {_SPACES.get(code, f'code {code}')}", sized, tuple(notes)
    raise UnsupportedImage(
        f"{path} has no usable sform, qform or spacing: its voxels have no place."
    )


def mm_in_unit(header: Any) -> float:
    """Millimetres in one unit of length of a ``nibabel.Nifti1Header``; 1 where it states none."""
    return _unit(header)[1]


def _unit(header: Any) -> tuple[str, float]:
    return _UNITS_OF_LENGTH.get(int(header["xyzt_units"]) % 8, ("an unknown unit", 1.0))


def _stated(header: Any, name: str) -> tuple[FloatArray | None, int]:
    """A matrix of the file, in mm, and its code."""
    try:
        if name == "sform":
            matrix, code = header.get_sform(), int(header["sform_code"])
        elif name == "qform":
            matrix, code = header.get_qform(), int(header["qform_code"])
        else:
            matrix, code = header.get_base_affine(), 1
    except (HeaderDataError, ValueError):
        return None, 0
    in_mm = np.array(matrix, np.float64)
    in_mm[:3] *= mm_in_unit(header)
    return in_mm, code


def _contradiction(header: Any, affine: FloatArray, shape_zyx: tuple[int, ...]) -> Iterator[str]:
    """Tell of a qform that places the voxels elsewhere than the sform that was taken."""
    matrix, code = _stated(header, "qform")
    if matrix is None or code == 0:
        return
    try:
        other = as_affine(complete_affine(reverse_axes(matrix), shape_zyx))
    except InputError:
        return
    distance = grid_distance_mm(affine, other, shape_zyx)
    if distance > _CONTRADICTS * float(spacing_of(affine).min()):
        yield f"the qform places it up to {distance:.3g} mm elsewhere than the sform that was taken"


def _unit_notes(header: Any) -> Iterator[str]:
    unit, millimetres = _unit(header)
    if millimetres != 1:
        yield f"lengths are stated in {unit} and were turned into mm"
    elif unit not in ("", "mm"):
        yield f"lengths are stated in {unit} and were taken for mm"
