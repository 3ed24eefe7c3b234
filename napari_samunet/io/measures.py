"""What objects measure, as a table: volume, areas, intensities."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_samunet.io.facing import facing_axis, plane_across
from napari_samunet.io.names import table_cell
from napari_samunet.io.segments import Segment
from napari_samunet.io.volume import Volume

COLUMNS = (
    "label",
    "name",
    "voxels",
    "volume_ml",
    "slices",
    "largest_area_mm2",
    "plane",
    "largest_area_slice",
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
)


def write_measures(segments: Sequence[Segment], volume: Volume, path: Path) -> None:
    """Write one line an object.

    Slices and areas are those of the plane that the image opens in, counted from 1 as the panel
    counts them; intensities are in the units of the file, HU for CT. Where the image does not state
    the size of its voxels, what would be in mm is empty.

    Parameters
    ----------
    segments : sequence of Segment
    volume : Volume
    path : Path
        .csv, UTF-8 with a byte-order mark, without which Excel takes it for another encoding.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(measure(segment, volume) for segment in segments if segment.voxels)


def measure(segment: Segment, volume: Volume) -> dict[str, object]:
    """Measure one object that has a voxel; see ``COLUMNS``."""
    axis, sized = facing_axis(volume), volume.source.sized
    is_area_known = sized == "voxel" or (sized == "pixel" and axis == 0)
    millilitres = millilitres_of(segment.voxels, volume)
    areas = np.moveaxis(segment.crop, axis, 0).sum(axis=(1, 2))
    largest = int(areas.argmax())
    area = areas[largest] * pixel_mm2(volume, axis)
    values = volume.array[segment.place][segment.crop].astype(np.float64)
    values = values[np.isfinite(values)]
    empty = dict.fromkeys(COLUMNS[-4:], "")
    return {
        "label": segment.number,
        "name": table_cell(segment.name),
        "voxels": segment.voxels,
        "volume_ml": "" if millilitres is None else f"{millilitres:.6g}",
        "slices": int(np.count_nonzero(areas)),
        "largest_area_mm2": f"{area:.6g}" if is_area_known else "",
        "plane": plane_across(volume, axis),
        "largest_area_slice": largest + segment.corner[axis] + 1,
        **(_intensities(values) if values.size else empty),
    }


def millilitres_of(voxels: int, volume: Volume) -> float | None:
    """Volume of so many voxels; None where nobody said how large a voxel is."""
    if volume.source.sized != "voxel":
        return None
    # Of a sheared grid less than the product of its spacings.
    return voxels * float(abs(np.linalg.det(volume.affine[:3, :3]))) / 1000


def pixel_mm2(volume: Volume, axis: int) -> float:
    """Area of a pixel of a slice along an array axis."""
    rows, columns = np.delete(volume.affine[:3, :3], axis, axis=1).T
    return float(np.linalg.norm(np.cross(rows, columns)))


def _intensities(values: np.ndarray) -> dict[str, str]:
    told = (values.mean(), values.std(), values.min(), values.max())
    return {word: f"{value:.6g}" for word, value in zip(COLUMNS[-4:], told, strict=True)}
