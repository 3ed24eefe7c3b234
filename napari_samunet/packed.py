"""Masks at one bit a pixel, cropped to what is set: what objects and history keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_samunet.types import BoolArray


@dataclass(frozen=True)
class PackedMask:
    """One 2-D mask.

    Attributes
    ----------
    shape
        (rows, columns) of the whole mask.
    corner
        Row and column of the first pixel of the crop.
    size
        (rows, columns) of the crop; (0, 0) where nothing is set.
    bits
        The crop, row by row, eight pixels a byte.
    """

    shape: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]
    bits: bytes

    @classmethod
    def of(cls, mask_rc: BoolArray) -> PackedMask:
        """Pack a mask, shape (rows, columns)."""
        height, width = mask_rc.shape
        rows = np.flatnonzero(mask_rc.any(axis=1))
        if rows.size == 0:
            return cls((height, width), (0, 0), (0, 0), b"")
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        columns = np.flatnonzero(mask_rc[top:bottom].any(axis=0))
        left, right = int(columns[0]), int(columns[-1]) + 1
        bits = np.packbits(mask_rc[top:bottom, left:right]).tobytes()
        return cls((height, width), (top, left), (bottom - top, right - left), bits)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is set."""
        return not self.bits

    @cached_property
    def pixels(self) -> int:
        """How many pixels are set; counted once, for the table of objects asks at every step."""
        return int.from_bytes(self.bits, "big").bit_count()

    @cached_property
    def lines(self) -> tuple[BoolArray, BoolArray]:
        """Which rows and which columns of the crop hold something; kept, as ``pixels`` is."""
        crop = self.crop()
        return np.any(crop, axis=1), np.any(crop, axis=0)

    @property
    def place(self) -> tuple[slice, slice]:
        """Where the crop lies in the whole mask."""
        (top, left), (height, width) = self.corner, self.size
        return slice(top, top + height), slice(left, left + width)

    def shared_pixels(self, other: PackedMask) -> int:
        """Count the pixels that are set in both."""
        top, left = (
            max(ours, theirs) for ours, theirs in zip(self.corner, other.corner, strict=True)
        )
        bottom, right = (
            min(mine.stop, yours.stop) for mine, yours in zip(self.place, other.place, strict=True)
        )
        if top >= bottom or left >= right:
            return 0
        ours, theirs = (
            mask.crop()[
                top - mask.corner[0] : bottom - mask.corner[0],
                left - mask.corner[1] : right - mask.corner[1],
            ]
            for mask in (self, other)
        )
        return int(np.count_nonzero(ours & theirs))

    def crop(self) -> BoolArray:
        """Return the pixels of the crop, shape ``size``."""
        count = self.size[0] * self.size[1]
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count)
        return flat.reshape(self.size).view(bool)

    def unpack(self) -> BoolArray:
        """Return the whole mask, shape ``shape``, to be worked on."""
        mask = np.zeros(self.shape, bool)
        if not self.is_empty:
            mask[self.place] = self.crop()
        return mask

    @property
    def mask(self) -> BoolArray:
        """The whole mask, shape ``shape``; read-only, for a change of it would be lost."""
        mask = self.unpack()
        mask.flags.writeable = False
        return mask


def place_of_all(masks: Iterable[PackedMask]) -> tuple[slice, slice]:
    """Return the smallest place that holds the crops of all these masks, one or more."""
    sides = zip(*(packed.place for packed in masks), strict=True)
    rows, columns = (
        slice(min(part.start for part in side), max(part.stop for part in side)) for side in sides
    )
    return rows, columns
