"""How a volume lies on its layer: its axes in the order of the body, whatever the file's order is.

The layer holds a view of the stored voxels, transposed and flipped, never a copy. Everything that
is computed or exported stays in storage order; `Display` alone goes from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.geometry import nearest_world_axes
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray, FloatArray

if TYPE_CHECKING:
    from collections.abc import Sequence

_ORDER = (2, 1, 0)
"""World axes (0 = R, 1 = A, 2 = S) in the order in which they are displayed."""
_WAY = (-1, -1, 1)
"""Which way along R, A and S a displayed axis counts: to the left, to posterior, to superior."""


@dataclass(frozen=True)
class Display:
    """The order and the direction in which the axes of an array are shown.

    Attributes
    ----------
    shape : (int, int, int)
        Of the stored array.
    axes : (int, int, int)
        The stored axis that each displayed axis shows.
    flipped : (bool, bool, bool)
        Whether a displayed axis counts against its stored one.
    """

    shape: tuple[int, int, int]
    axes: tuple[int, int, int] = (0, 1, 2)
    flipped: tuple[bool, bool, bool] = (False, False, False)

    @classmethod
    def of(cls, volume: Volume) -> Display:
        """Axes nearest to superior, posterior and left, increasing that way.

        A single slice is seen whole: the axis across it comes first. A volume of which nobody knows
        how it lies in a patient is shown as it is stored.
        """
        if not volume.is_placed:
            return cls(volume.shape)
        nearest = nearest_world_axes(volume.affine)
        signs = [float(np.sign(volume.affine[world, axis])) for axis, world in enumerate(nearest)]
        a, b, c = sorted(
            range(3), key=lambda axis: (volume.shape[axis] != 1, _ORDER.index(nearest[axis]))
        )
        against = [signs[axis] != _WAY[nearest[axis]] for axis in (a, b, c)]
        return cls(volume.shape, (a, b, c), (against[0], against[1], against[2]))

    @cached_property
    def matrix(self) -> FloatArray:
        """What maps a displayed index (a, b, c, 1) to the stored one (z, y, x, 1), exactly."""
        matrix = np.zeros((4, 4))
        for shown, (stored, flipped) in enumerate(zip(self.axes, self.flipped, strict=True)):
            matrix[stored, shown] = -1.0 if flipped else 1.0
            matrix[stored, 3] = self.shape[stored] - 1 if flipped else 0
        matrix[3, 3] = 1.0
        return matrix

    def to_stored(self, index: Sequence[float] | FloatArray) -> FloatArray:
        """Stored index (z, y, x) of a displayed one; fractions of a voxel are kept."""
        return self.matrix[:3, :3] @ np.asarray(index, dtype=float) + self.matrix[:3, 3]

    def to_shown(self, index: Sequence[float] | FloatArray) -> FloatArray:
        """Displayed index of a stored one (z, y, x); the inverse of `to_stored`."""
        return self.matrix[:3, :3].T @ (np.asarray(index, dtype=float) - self.matrix[:3, 3])

    def shown(self, stored: AnyArray) -> AnyArray:
        """View of a stored array (Z, Y, X, …) as it is displayed."""
        further = range(3, stored.ndim)
        return stored.transpose(*self.axes, *further)[self._flips]

    def stored(self, shown: AnyArray) -> AnyArray:
        """View of a displayed array (A, B, C, …) in storage order; the inverse of `shown`."""
        order = np.argsort(self.axes).tolist()
        return shown[self._flips].transpose(*order, *range(3, shown.ndim))

    @property
    def _flips(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flipped else None) for flipped in self.flipped)


def shown_affine(volume: Volume) -> FloatArray:
    """Affine of a volume's displayed indices: (a, b, c, 1) → RAS+ mm."""
    return volume.affine @ Display.of(volume).matrix
