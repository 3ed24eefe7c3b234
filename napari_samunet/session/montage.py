"""A picture for a report: slices through the objects, with their masks drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from napari_samunet.geometry import axis_letters
from napari_samunet.io.facing import SHOWN_FIRST
from napari_samunet.io.outline import outline
from napari_samunet.io.segments import Segment, color_or_default
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import shown_window, to_uint8
from napari_samunet.types import UInt8Array, Window

_MOST_TILES = 12
_COLUMNS = 4
_FILL = 0.35


def write_montage(segments: Sequence[Segment], volume: Volume, path: Path) -> None:
    """Write slices along axis 0 with the objects filled and outlined in their colours.

    At most 12 slices are shown, spread evenly over those that hold a voxel of an object.

    Parameters
    ----------
    segments
        Later ones are drawn over earlier ones.
    volume
        The image; its sides lie as a radiologist expects.
    path
        A .png file.
    """
    used = sorted({z for segment in segments for z in segment.slices}) or [volume.shape[0] // 2]
    places = np.linspace(0, len(used) - 1, min(len(used), _MOST_TILES))
    shown = shown_window(volume)
    tiles = [_tile(volume, used[round(place)], segments, shown) for place in places]
    path.write_bytes(imageio.imwrite("<bytes>", _arranged(tiles), extension=".png"))


def _tile(volume: Volume, z: int, segments: Sequence[Segment], window: Window) -> UInt8Array:
    """One slice in colours, (H, W, 3)."""
    if volume.color is not None:
        picture = volume.color[z].astype(np.float32)
    else:
        gray = to_uint8(volume.array[z], window)
        picture = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)
    for segment in segments:
        mask = segment.plane(z, volume.shape[1:])
        color = 255 * np.array(color_or_default(segment.color), np.float32)
        picture[mask] = (1 - _FILL) * picture[mask] + _FILL * color
        picture[outline(mask)] = color
    return _upright(np.rint(picture).astype(np.uint8), volume)


def _upright(picture: UInt8Array, volume: Volume) -> UInt8Array:
    letters = axis_letters(volume.affine)
    flipped = tuple(axis for axis in (0, 1) if letters[axis + 1][0] not in SHOWN_FIRST)
    return np.flip(picture, flipped)


def _arranged(tiles: list[UInt8Array]) -> UInt8Array:
    """Tiles side by side, four in a row, the last row filled up with black."""
    columns = min(len(tiles), _COLUMNS)
    missing = -len(tiles) % columns
    tiles = [*tiles, *[np.zeros_like(tiles[0])] * missing]
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.vstack(rows)
