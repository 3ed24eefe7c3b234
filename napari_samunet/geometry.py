"""Index to world mathematics in pure NumPy.

An affine here maps homogeneous array indices to RAS+ millimetres. Its columns follow the array's
own order (z, y, x) unless a name says otherwise: files write (i, j, k) = (x, y, z), and
`reverse_axes` goes from one to the other by moving columns, so no number changes. DICOM and ITK
count towards left and posterior (LPS); `flip_lps_ras` changes the sign of the first two rows, which
is exact as well.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.types import FloatArray

_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Where a RAS+ world axis comes from and goes to, in the order of the affine's rows."""

SHEAR_TOLERANCE_DEG = 0.1
"""Axes count as perpendicular within this angle; scanners write cosines with four digits."""


def as_affine(affine: ArrayLike) -> FloatArray:
    """Check an affine and return it as a float64 copy.

    Parameters
    ----------
    affine : array_like, shape (4, 4)
        Maps homogeneous indices to millimetres; the last row is (0, 0, 0, 1).

    Raises
    ------
    InputError
        If it has another shape, is not finite, or flattens the grid.
    """
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise InputError(f"An affine must be 4 by 4; this one has shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise InputError("An affine must hold finite numbers; this one has NaN or infinity.")
    if not np.array_equal(matrix[3], (0, 0, 0, 1)):
        raise InputError(f"An affine must end in the row 0 0 0 1; this one ends in {matrix[3]}.")
    lengths = spacing_of(matrix)
    if (lengths == 0).any() or abs(np.linalg.det(matrix[:3, :3] / lengths)) < 1e-6:
        raise InputError("An affine must span three dimensions; this one flattens the grid.")
    return matrix


def spacing_of(affine: FloatArray) -> FloatArray:
    """Distance in mm between neighbouring voxels along each index axis, shape (3,)."""
    return np.sqrt((affine[:3, :3] ** 2).sum(axis=0))


def spacing_along(spacing: FloatArray, axis: int) -> tuple[float, float, float]:
    """Return the spacing from slice to slice along an axis, and along rows and columns of them."""
    row, column = (float(length) for length in np.delete(spacing, axis))
    return float(spacing[axis]), row, column


def directions_of(affine: FloatArray) -> FloatArray:
    """Unit vectors along the index axes as columns, shape (3, 3)."""
    return affine[:3, :3] / spacing_of(affine)


def default_affine(spacing_zyx: ArrayLike = (1.0, 1.0, 1.0)) -> FloatArray:
    """Affine of an image without a stated position: x to the left, y to posterior, z up, origin 0.

    Parameters
    ----------
    spacing_zyx : array_like, shape (3,)
        Millimetres along z, y, x; all above 0.
    """
    spacing = np.asarray(spacing_zyx, dtype=np.float64)
    if spacing.shape != (3,) or not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise InputError(f"Spacing must be three positive lengths in mm (z, y, x), not {spacing}.")
    affine = np.zeros((4, 4))
    affine[0, 2], affine[1, 1], affine[2, 0] = -spacing[2], -spacing[1], spacing[0]
    affine[3, 3] = 1.0
    return affine


def complete_affine(affine: FloatArray, shape_zyx: tuple[int, ...]) -> FloatArray:
    """Give a single slice a thickness of 1 mm where the file states none (a column of zeros).

    Parameters
    ----------
    affine : ndarray, shape (4, 4)
    shape_zyx : (int, int, int)
        Only an axis of one voxel is completed; returned unchanged where there is nothing to do.
    """
    empty = [a for a in range(3) if shape_zyx[a] == 1 and not affine[:3, a].any()]
    if len(empty) != 1:
        return affine
    completed = affine.copy()
    first, second = (affine[:3, a] for a in range(3) if a != empty[0])
    normal = np.cross(first, second)
    length = np.linalg.norm(normal)
    completed[:3, empty[0]] = normal / length if length > 0 else 0.0
    return completed


def reverse_axes(affine: FloatArray) -> FloatArray:
    """Exchange an (x, y, z) affine for the (z, y, x) one, or back: columns move, numbers stay."""
    return affine[:, [2, 1, 0, 3]].copy()


def flip_lps_ras(affine: FloatArray) -> FloatArray:
    """Exchange LPS+ world coordinates for RAS+ ones, or back, exactly."""
    flipped = affine.copy()
    flipped[:2] = 0.0 - flipped[:2]  # subtracting keeps 0 from becoming -0
    return flipped


def shear_degrees(affine: FloatArray) -> float:
    """Largest deviation from a right angle between two index axes, in degrees."""
    directions = directions_of(affine)
    cosines = np.abs(directions.T @ directions)[np.triu_indices(3, k=1)]
    return float(np.degrees(np.arcsin(np.clip(cosines.max(), 0.0, 1.0))))


def is_sheared(affine: FloatArray) -> bool:
    """Say whether the axes deviate from right angles by more than ``SHEAR_TOLERANCE_DEG``."""
    return shear_degrees(affine) > SHEAR_TOLERANCE_DEG


def index_to_world(points_zyx: ArrayLike, affine: FloatArray) -> FloatArray:
    """Map indices (..., 3) in (z, y, x) order to RAS+ millimetres (..., 3)."""
    points = np.asarray(points_zyx, dtype=np.float64)
    return points @ affine[:3, :3].T + affine[:3, 3]


def world_to_index(points_ras: ArrayLike, affine: FloatArray) -> FloatArray:
    """Map RAS+ millimetres (..., 3) to fractional indices (..., 3) in (z, y, x) order."""
    offsets = np.asarray(points_ras, dtype=np.float64) - affine[:3, 3]
    return np.linalg.solve(affine[:3, :3], offsets[..., None])[..., 0]


def plane_axes(axis: int) -> tuple[int, int]:
    """Array axes that a plane's rows and columns run along: 0 → (1, 2), 1 → (0, 2), 2 → (0, 1)."""
    if axis not in (0, 1, 2):
        raise OutsideImage(f"A plane's axis is 0, 1 or 2, not {axis}.")
    rows, columns = (a for a in range(3) if a != axis)
    return rows, columns


def plane_shape(shape_zyx: tuple[int, ...], axis: int) -> tuple[int, int]:
    """Rows and columns of the planes along ``axis``."""
    rows, columns = plane_axes(axis)
    return int(shape_zyx[rows]), int(shape_zyx[columns])


def nearest_world_axes(affine: FloatArray) -> tuple[int, int, int]:
    """World axis (0 = R, 1 = A, 2 = S) that each index axis lies nearest to, each used once."""
    weights = np.abs(directions_of(affine))
    best = max(
        permutations(range(3)), key=lambda rows: sum(weights[r, c] for c, r in enumerate(rows))
    )
    return best[0], best[1], best[2]


def axis_letters(affine: FloatArray) -> tuple[tuple[str, str], ...]:
    """Anatomical letters at the low and the high end of each index axis, as ``(("I", "S"), …)``."""
    pairs = []
    for column, row in enumerate(nearest_world_axes(affine)):
        low, high = _LETTERS[row]
        pairs.append((low, high) if affine[row, column] > 0 else (high, low))
    return tuple(pairs)


def oblique_degrees(affine: FloatArray) -> float:
    """Largest angle between an index axis and the world axis nearest to it, in degrees."""
    directions = np.abs(directions_of(affine))
    cosines = [directions[row, column] for column, row in enumerate(nearest_world_axes(affine))]
    return float(np.degrees(np.arccos(np.clip(min(cosines), 0.0, 1.0))))


def grid_distance_mm(first: FloatArray, second: FloatArray, shape_zyx: tuple[int, ...]) -> float:
    """Largest distance in mm between the same corner of a grid under two affines."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape_zyx])).reshape(3, -1).T
    gaps = index_to_world(corners, first) - index_to_world(corners, second)
    return float(np.sqrt((gaps**2).sum(axis=1)).max())
