"""The image that everything else works on: voxels in storage order and their place in mm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import InputError, UnsupportedImage
from napari_samunet.geometry import as_affine, default_affine, spacing_of
from napari_samunet.types import AnyArray, FloatArray, UInt8Array, Window

SourceKind = Literal["nifti", "sitk", "dicom", "picture", "array"]
Sized = Literal["voxel", "pixel", ""]
UNSIZED = "no spacing is stated; files are written with 1 mm"
"""Note of an image of which nothing is known in millimetres."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where a volume came from, kept so that an export can copy its header exactly.

    Attributes
    ----------
    path : Path or None
        The file or folder that was opened.
    kind : str
        "nifti", "sitk", "dicom", "picture" or "array".
    header : object
        A nibabel header, a dict of SimpleITK metadata, or a tuple of pydicom datasets without
        pixels in slice order.
    notes : tuple of str
        What was odd about the file, one plain line each.
    slices : tuple of (Path, int, int)
        Of DICOM, what each slice of the volume is: a file, its place in ``header``, and the frame
        in it, counted from 0. Empty where slices were made by resampling.
    place : str or None
        What of the file tells where the voxels lie in the patient; None where nothing does.
    opened : dict or None
        The ``frame``, ``resample`` and ``keep_tilt`` that ``open_volume`` was given, which open the
        same image again.
    sized : str
        What is known in millimetres: "voxel", of a radiograph only its "pixel", or "" where nobody
        said; 1 mm stands in for the rest.
    files : tuple of Path
        What the voxels were read from beside ``path``: files of a series, voxels beside a header.
        An export never replaces them.
    """

    path: Path | None = None
    kind: SourceKind = "array"
    header: Any = field(default=None, repr=False)  # it names the patient
    notes: tuple[str, ...] = ()
    slices: tuple[tuple[Path, int, int], ...] = field(default=(), repr=False)
    place: str | None = None
    opened: dict[str, Any] | None = None
    sized: Sized = "voxel"
    files: tuple[Path, ...] = field(default=(), repr=False)


@dataclass(frozen=True, eq=False)
class Volume:
    """A medical image in the file's own units and storage order.

    Attributes
    ----------
    array : ndarray, shape (Z, Y, X)
        Intensities as the file means them (HU for CT): rescale applied, never windowed, never
        reoriented.
    affine : ndarray, shape (4, 4), float64
        Maps (z, y, x, 1) to RAS+ millimetres.
    color : ndarray, shape (Z, Y, X, 3), uint8, or None
        The colours of a colour image; ``array`` then holds its luma.
    modality : str or None
        "CT", "MR", "US", … where the file tells.
    window : (float, float) or None
        The file's own display window (low, high).
    source : Source
        The file and its header.
    negative : bool
        Whether low values are meant to be shown bright, as radiographs may be stored.
    windows : tuple of (str, (float, float))
        All display windows of the file, each with the name that it has there, or "".

    Raises
    ------
    UnsupportedImage
        If the voxels cannot be shown: complex, not numbers, empty, not 3-D, or without one finite
        value.
    InputError
        If the affine is no affine.
    """

    array: AnyArray
    affine: FloatArray
    color: UInt8Array | None = None
    modality: str | None = None
    window: Window | None = None
    source: Source = Source()
    negative: bool = False
    windows: tuple[tuple[str, Window], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "array", as_voxels(self.array))
        object.__setattr__(self, "affine", as_affine(self.affine))
        self.affine.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along z, y, x."""
        z, y, x = self.array.shape
        return z, y, x

    @property
    def spacing(self) -> FloatArray:
        """Millimetres between neighbouring voxels along z, y, x, shape (3,)."""
        return spacing_of(self.affine)

    @cached_property
    def finite_range(self) -> tuple[float, float]:
        """Least and greatest voxel that is a number."""
        planes = (plane[np.isfinite(plane)] for plane in self.array)
        ends = [(float(plane.min()), float(plane.max())) for plane in planes if plane.size]
        return min(low for low, _ in ends), max(high for _, high in ends)

    @property
    def is_placed(self) -> bool:
        """Whether anybody knows how it lies in a patient; of an array, where a modality is told."""
        known = self.source.kind == "array" and self.modality is not None
        return known or self.source.place is not None

    @classmethod
    def from_array(
        cls,
        array: ArrayLike,
        affine: ArrayLike | None = None,
        spacing: ArrayLike | None = None,
        modality: str | None = None,
    ) -> Volume:
        """Make a volume of an array.

        Parameters
        ----------
        array : array_like, shape (Z, Y, X) or (Y, X)
            Intensities; a 2-D array becomes one slice, and what a masked array masks becomes NaN.
        affine : array_like, shape (4, 4), optional
            Maps (z, y, x, 1) to RAS+ millimetres. Without one: x to the left, y to posterior, z up,
            origin 0.
        spacing : array_like, shape (3,) or (2,), optional
            Millimetres along z, y, x (or y, x of a 2-D array), in place of an affine.
        modality : str, optional
            "CT", "MR", … in letters of either case.

        Raises
        ------
        UnsupportedImage
            If the array cannot be a volume.
        InputError
            If affine and spacing contradict each other, or one of them or the modality makes no
            sense.
        """
        if not isinstance(modality, str | None):
            raise InputError(f'A modality is a text such as "CT" or "MR", but {modality!r} came.')
        modality = None if modality is None else modality.strip().upper()
        voxels = np.asarray(_masked_as_nan(array))
        voxels = voxels[None] if voxels.ndim == 2 else voxels
        chosen = _chosen_affine(affine, spacing)
        return cls(voxels, chosen, modality=modality, source=Source(sized=_sized(affine, spacing)))


def _masked_as_nan(array: ArrayLike) -> ArrayLike:
    """Voxels that are masked hold no value, which is what NaN says in a volume."""
    if not np.ma.is_masked(array):
        return array
    floats = np.result_type(np.asarray(array).dtype, np.float32)
    return np.asarray(np.ma.filled(np.ma.asarray(array, floats), np.nan))


def _sized(affine: ArrayLike | None, spacing: ArrayLike | None) -> Sized:
    if affine is not None:
        return "voxel"
    return "" if spacing is None else sized_of(np.ravel(spacing)[::-1])


def _chosen_affine(affine: ArrayLike | None, spacing: ArrayLike | None) -> FloatArray:
    if affine is None:
        return default_affine(_three(spacing))
    matrix = as_affine(affine)
    if spacing is not None and not np.allclose(spacing_of(matrix), _three(spacing), rtol=1e-3):
        raise InputError(
            f"The affine has spacing {spacing_of(matrix)} mm, but {_three(spacing)} was given: "
            "leave one out."
        )
    return matrix


def _three(spacing: ArrayLike | None) -> FloatArray:
    if spacing is None:
        return np.ones(3)
    lengths = np.asarray(spacing, dtype=np.float64)
    return np.concatenate([[1.0], lengths]) if lengths.shape == (2,) else lengths


def sized_of(steps_xyz: Iterable[float]) -> Sized:
    """What is known in millimetres of an image whose file states steps along its axes.

    Parameters
    ----------
    steps_xyz : iterable of float
        At most three; NaN or 0 where the file states none.
    """
    stated = [bool(np.isfinite(step) and step) for step in steps_xyz]
    if stated[:2] != [True, True]:
        return ""
    return "voxel" if stated[2:] == [True] else "pixel"


def as_voxels(array: AnyArray) -> AnyArray:
    """Check voxels and return them in the machine's byte order, copying only where that differs.

    Parameters
    ----------
    array : ndarray, shape (Z, Y, X)
        Integers, floats or booleans (which become uint8).

    Raises
    ------
    UnsupportedImage
        If the array is complex, no numbers, empty, not 3-D, or has no finite value.
    """
    if array.ndim != 3:
        raise UnsupportedImage(
            f"A volume has 3 axes (Z, Y, X); this array has shape {array.shape}."
        )
    if array.size == 0:
        raise UnsupportedImage(f"A volume needs voxels; this array has shape {array.shape}.")
    if array.dtype.kind not in "biuf":
        raise UnsupportedImage(f"A volume holds real numbers; this array holds {array.dtype}.")
    voxels = array.astype(_native_dtype(array.dtype), copy=False)
    if voxels.dtype.kind == "f" and not any(np.isfinite(plane).any() for plane in voxels):
        raise UnsupportedImage("A volume needs at least one finite value; this array is all NaN.")
    return voxels


def _native_dtype(dtype: np.dtype) -> np.dtype:
    """Byte order of this machine; booleans become uint8, and floats longer than 8 bytes float64."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind == "f" and dtype.itemsize > 8:
        return np.dtype(np.float64)
    return dtype.newbyteorder("=")
