"""How the command line writes points, boxes, windows and slice ranges."""

from __future__ import annotations

import argparse
import math

from napari_samunet.types import Box

Point = tuple[tuple[float, float], bool]


def point(text: str) -> Point:
    """Read ``Y,X`` or ``Y,X,+`` (belongs to the object) or ``Y,X,-`` (does not)."""
    parts = text.split(",")
    positive = True
    if len(parts) == 3 and parts[2].strip() in {"+", "-"}:
        positive = parts.pop().strip() == "+"
    row, column = _numbers(",".join(parts), 2, "a point is Y,X or Y,X,- (row, column)", text)
    return (row, column), positive


def box(text: str) -> Box:
    """Read ``Y0,X0,Y1,X1``: both corners belong to the object."""
    row_0, col_0, row_1, col_1 = _numbers(text, 4, "a box is Y0,X0,Y1,X1 (row, column)", text)
    return min(row_0, row_1), min(col_0, col_1), max(row_0, row_1), max(col_0, col_1)


def window(text: str) -> tuple[float, float]:
    """Read ``LOW,HIGH``, in the units of the file."""
    low, high = _numbers(text, 2, "a window is LOW,HIGH", text)
    if not low < high:
        raise argparse.ArgumentTypeError(f"a window is LOW,HIGH with LOW below HIGH, not '{text}'")
    return low, high


def slice_range(text: str) -> tuple[int, int]:
    """Read ``K0:K1``: the first and the last slice, both included."""
    try:
        first, last = (int(part) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"a range of slices is K0:K1, not '{text}'") from None
    return min(first, last), max(first, last)


def _numbers(text: str, count: int, wanted: str, came: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != count or not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(f"{wanted}, not '{came}'")
    return values
