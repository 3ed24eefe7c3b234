"""Clicks and boxes as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from napari_samunet.types import SliceRef


@dataclass(frozen=True)
class ShownPoint:
    """A click to be drawn: its slice, its (row, column) and whether it adds."""

    ref: SliceRef
    rc: tuple[float, float]
    positive: bool


@dataclass(frozen=True)
class ShownBox:
    """A box to be drawn: its slice and (row_min, col_min, row_max, col_max), both ends inside."""

    ref: SliceRef
    rc: tuple[float, float, float, float]
