"""Prompts as values: what a person pointed at on one slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_samunet.errors import EmptyPrompt, InputError, OutsideImage
from napari_samunet.prompts.drawn import as_mask
from napari_samunet.types import BoolArray, Box, FloatArray

PAINTED_LOGIT = 10.0
"""Of a mask that somebody painted: sure, but within the bound of logits that are fed back."""


@dataclass(frozen=True, eq=False, init=False)  # whatever can be an array is taken
class Prompts:
    """Points, a box and a painted mask on one slice.

    Attributes
    ----------
    points : ndarray, shape (N, 2), float64
        (row, column) of the slice, pixel centres at whole numbers.
    labels : ndarray, shape (N,), int64
        1 for a positive point, 0 for a negative one.
    box : (row_min, col_min, row_max, col_max) or None
        Both ends belong to the object; corners in any order are sorted.
    mask : ndarray, shape (H, W), bool, or None
        A painted mask of the slice; numbers are taken where they are 0 and one positive one. Logits
        are none: the answer itself goes to ``predict`` as ``previous``.

    Raises
    ------
    InputError
        If shapes, labels or numbers make no sense.
    """

    points: FloatArray
    labels: NDArray[np.int64]
    box: Box | None
    mask: BoolArray | None

    def __init__(
        self,
        points: ArrayLike | None = (),
        labels: ArrayLike | None = (),
        box: Box | None = None,
        mask: ArrayLike | None = None,
    ) -> None:
        checked_points = _points(() if points is None else points)
        checked_labels = _labels(() if labels is None else labels)
        if len(checked_points) != len(checked_labels):
            raise InputError(
                f"Every point needs a label: {len(checked_points)} points came with "
                f"{len(checked_labels)} labels."
            )
        object.__setattr__(self, "points", checked_points)
        object.__setattr__(self, "labels", checked_labels)
        object.__setattr__(self, "box", None if box is None else _box(box))
        object.__setattr__(self, "mask", None if mask is None else _mask(mask))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to answer."""
        drawn = self.mask is not None and self.mask.any()
        return not len(self.points) and self.box is None and not drawn

    def with_point(self, point_rc: ArrayLike, label: int) -> Prompts:
        """Return the same prompts and one point more."""
        points = np.vstack([self.points, np.reshape(np.asarray(point_rc, float), (1, 2))])
        return Prompts(points, np.append(self.labels, label), self.box, self.mask)

    def check(self, shape_hw: tuple[int, int]) -> None:
        """Raise unless there is a prompt and all of them lie on a slice of this shape.

        Raises
        ------
        EmptyPrompt, OutsideImage, InputError
            Nothing to answer; a point or box outside; a mask of another shape.
        """
        if self.is_empty:
            raise EmptyPrompt(
                "A prediction needs a point, a box or a painted mask; none was given."
            )
        corners = self.points if self.box is None else np.vstack([self.points, *_corners(self.box)])
        last = np.array(shape_hw) - 0.5
        for row, col in corners[((corners < -0.5) | (corners > last)).any(1)]:
            raise OutsideImage(
                f"The slice has rows 0 to {shape_hw[0] - 1} and columns 0 to {shape_hw[1] - 1}, "
                f"but ({row:g}, {col:g}) was prompted."
            )
        if self.mask is not None and self.mask.shape != tuple(shape_hw):
            raise InputError(f"The slice is {shape_hw}, but the mask is {self.mask.shape}.")


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _numbers(values: ArrayLike, what: str) -> FloatArray:
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}; got {values!r}.") from error
    if not np.isfinite(numbers).all():
        raise InputError(f"{what}, all finite; got {values!r}.")
    return numbers


def _points(values: ArrayLike) -> FloatArray:
    points = _numbers(values, "Points are (row, column) pairs")
    if points.size == 0:
        return _frozen(np.zeros((0, 2)))
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"Points have shape (N, 2), row and column; got {points.shape}.")
    return _frozen(points)


def _labels(values: ArrayLike) -> NDArray[np.int64]:
    labels = _numbers(values, "Labels are 1 (positive) or 0 (negative)").reshape(-1)
    if not np.isin(labels, (0, 1)).all():
        raise InputError(f"Labels are 1 (positive) or 0 (negative); got {values!r}.")
    return _frozen(labels.astype(np.int64))


def _box(values: Box) -> Box:
    box = _numbers(values, "A box is (row_min, col_min, row_max, col_max)")
    if box.shape != (4,):
        raise InputError(f"A box is (row_min, col_min, row_max, col_max); got {values!r}.")
    (row0, row1), (col0, col1) = sorted(box[::2].tolist()), sorted(box[1::2].tolist())
    return row0, col0, row1, col1


def _corners(box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    return box[:2], box[2:]


def _mask(values: ArrayLike) -> BoolArray:
    mask = as_mask(values)
    if mask.ndim != 2:
        raise InputError(f"A painted mask has shape (H, W); got {mask.shape}.")
    return _frozen(mask)
