"""The model frame: a square of S pixels that shows a slice, and the exact way there and back.

Whole slices go in as their authors do it: scaled by new over old size, coordinates without a
half-pixel shift. Regions go in with pixel centres kept, as our own training cuts them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.preprocess.roi import Roi, whole_slice
from napari_samunet.types import AnyArray, BoolArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor

OUTSIDE = -10.0
"""Logit of a slice's pixels that a region does not show, and bound of logits that are fed back."""


@dataclass(frozen=True)
class Frame:
    """How one slice lies in a model frame.

    Attributes
    ----------
    shape
        (H, W) of the slice.
    side
        S, the side of the frame in pixels.
    fit
        ``"longest"`` (longest side to S, padded right and bottom), ``"stretch"`` or ``"crop"``.
    resampling
        How pixels are resampled, see ``InputContract.resample``.
    roi
        The region shown, of ``"crop"`` only; the whole slice where none is given.
    """

    shape: tuple[int, int]
    side: int
    fit: str = "crop"
    resampling: str = "antialias"
    roi: Roi | None = None

    def __post_init__(self) -> None:
        if self.fit == "crop" and self.roi is None:
            object.__setattr__(self, "roi", whole_slice(self.shape))

    @property
    def valid(self) -> tuple[int, int]:
        """Rows and columns of the frame, from the top left, that are not padding."""
        if self.fit != "longest":
            return self.side, self.side
        scale = self.side / max(self.shape)
        rows, columns = (max(1, int(size * scale + 0.5)) for size in self.shape)
        return rows, columns

    def image_to_model(self, image: AnyArray) -> AnyArray:
        """Bring an image (H, W) or (H, W, 3) of 0–255 into the frame: (S, S) or (S, S, 3)."""
        from napari_samunet.preprocess.resample import resample

        if self.roi is not None:
            return resample(_cut(image, self.roi), (self.side, self.side), self.resampling)
        shown = resample(image, self.valid, self.resampling)
        out = np.zeros((self.side, self.side, *image.shape[2:]), shown.dtype)
        out[: shown.shape[0], : shown.shape[1]] = shown
        return out

    def points_to_model(self, points_rc: ArrayLike) -> FloatArray:
        """Bring points (N, 2), (row, column) of the slice, into the frame; float64."""
        points = np.asarray(points_rc, np.float64).reshape(-1, 2)
        if self.roi is not None:
            start = np.array([self.roi.row0, self.roi.col0])
            return (points - start + 0.5) * (self.side / self.roi.side) - 0.5
        return points * (np.array(self.valid) / np.array(self.shape))

    def box_to_model(self, box_rc: ArrayLike) -> FloatArray:
        """Bring a box (row_min, col_min, row_max, col_max) into the frame, shape (4,)."""
        return self.points_to_model(np.reshape(box_rc, (2, 2))).reshape(4)

    def logits_to_model(self, logits: FloatArray, mask_side: int) -> FloatArray:
        """Bring logits (H, W) of the slice into the frame at the mask's side: (h, h) float32."""
        return self._to_model(logits, mask_side, _above_outside, OUTSIDE)

    def mask_to_model(self, mask: BoolArray, mask_side: int) -> FloatArray:
        """Bring a painted mask (H, W) into the frame as confident logits: (h, h) float32."""
        return self._to_model(mask, mask_side, lambda part: part * np.float32(-2 * OUTSIDE), 0)

    def _to_model(
        self,
        plane: AnyArray,
        mask_side: int,
        raised: Callable[[AnyArray], FloatArray],
        beyond: float,
    ) -> FloatArray:
        """Shrink a plane, which is ``beyond`` outside the slice, to the mask's side; ``raised``
        gives its logits, ``OUTSIDE`` being 0.
        """
        from napari_samunet.preprocess.scaling import interpolate  # brings torch

        if self.roi is not None:
            shown = interpolate(raised(_cut(plane, self.roi, beyond)), (mask_side, mask_side))
        else:
            rows, columns = self._mask_valid(mask_side)
            shown = np.zeros((mask_side, mask_side), np.float32)
            shown[:rows, :columns] = interpolate(raised(plane), (rows, columns))
        return shown + np.float32(OUTSIDE)

    def logits_to_slice(self, logits: Tensor, upsample: str = "two-step") -> FloatArray:
        """Bring logits (h, w) of the frame back onto the slice: (H, W) float32.

        ``upsample`` is one of those of ``InputContract.upsample``; regions know one way only.
        """
        from napari_samunet.preprocess import scaling  # brings torch

        planes = logits.detach().float().cpu()[None, None]
        if self.roi is not None:
            rows, columns, roi_rows, roi_columns = _overlap(self.roi, self.shape)
            shown = scaling.resize(planes, (self.roi.side,) * 2, antialias=True)[0, 0].numpy()
            out = np.full(self.shape, OUTSIDE, np.float32)
            out[rows, columns] = shown[roi_rows, roi_columns]
            return out
        if upsample == "sigmoid":
            return scaling.by_probability(planes, self.shape)
        if upsample == "bicubic":
            return scaling.resize(planes, self.shape, "bicubic")[0, 0].numpy()
        down, across = (
            scaling.two_steps(size, self.side, shown, wanted)
            for size, shown, wanted in zip(logits.shape, self.valid, self.shape, strict=True)
        )
        return down @ (across @ planes[0, 0].T.numpy()).T

    def _mask_valid(self, mask_side: int) -> tuple[int, int]:
        rows, columns = self.valid
        share = mask_side / self.side
        return max(1, round(rows * share)), max(1, round(columns * share))


def _overlap(roi: Roi, shape: tuple[int, ...]) -> tuple[slice, slice, slice, slice]:
    """Return where region and slice meet: rows and columns of the slice, then of the region."""
    top, left = max(roi.row0, 0), max(roi.col0, 0)
    bottom = max(min(roi.row0 + roi.side, shape[0]), top)
    right = max(min(roi.col0 + roi.side, shape[1]), left)
    return (
        slice(top, bottom),
        slice(left, right),
        slice(top - roi.row0, bottom - roi.row0),
        slice(left - roi.col0, right - roi.col0),
    )


def _above_outside(logits: FloatArray) -> FloatArray:
    return np.clip(logits, OUTSIDE, -OUTSIDE).astype(np.float32) - np.float32(OUTSIDE)


def _cut(image: AnyArray, roi: Roi, beyond: float = 0) -> AnyArray:
    """Cut a region out of an image; ``beyond`` is what lies beyond the slice."""
    rows, columns, roi_rows, roi_columns = _overlap(roi, image.shape)
    out = np.full((roi.side, roi.side, *image.shape[2:]), beyond, image.dtype)
    out[roi_rows, roi_columns] = image[rows, columns]
    return out
