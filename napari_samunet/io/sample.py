"""A synthetic CT of an abdomen, so that the first click needs no file.

It is drawn from the table below and is nobody's anatomy: ellipsoids in millimetres, gently bent, in
a supine body, with noise of the texture and strength of a routine abdominal CT in the portal venous
phase.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from napari_samunet.io.volume import Volume
from napari_samunet.types import BoolArray, FloatArray

_SHAPE_ZYX = (40, 256, 256)
_SPACING_ZYX = (5.0, 1.4, 1.4)
_AIR, _FAT, _WALL, _MUSCLE, _FLUID = -1000.0, -100.0, 55.0, 58.0, 12.0
_SEED = 20


class Blob(NamedTuple):
    """An ellipsoid: centre and radii in mm along z (up), y (to posterior), x (to the left)."""

    center: tuple[float, float, float]
    radii: tuple[float, float, float]
    turn_deg: float
    hu: float


# Painted from first to last; a later organ lies over an earlier one.
_LUNGS = (
    Blob((125, 22, -78), (62, 72, 50), 0, -860),
    Blob((128, 24, 82), (66, 72, 46), 0, -860),
)
_LIVER = (
    Blob((40, -8, -78), (72, 70, 58), -18, 108),
    Blob((52, -46, -28), (44, 36, 62), 12, 108),
    Blob((-18, 18, -92), (50, 42, 34), 0, 108),
)
_ORGANS = (
    Blob((62, 34, 92), (48, 44, 25), 28, 122),  # spleen
    Blob((38, -40, 62), (40, 34, 44), -20, 34),  # stomach
    Blob((4, -14, 12), (11, 11, 52), -14, 92),  # pancreas
    Blob((14, -46, -50), (26, 17, 20), 30, 9),  # gallbladder
    Blob((-36, 64, -36), (110, 25, 22), 10, 66),  # right psoas
    Blob((-36, 64, 36), (110, 25, 22), -10, 66),  # left psoas
    Blob((-6, 44, -70), (54, 30, 27), -38, 178),  # right kidney
    Blob((4, 44, 70), (56, 30, 27), 38, 178),  # left kidney
    Blob((-6, 38, -60), (30, 12, 12), -38, -70),  # right renal sinus
    Blob((4, 38, 60), (32, 12, 12), 38, -70),  # left renal sinus
    Blob((22, 66, 82), (14, 14, 13), 0, 4),  # cyst of the left kidney
    Blob((-50, -4, -112), (52, 24, 22), 0, 40),  # ascending colon
    Blob((-30, 22, 116), (92, 18, 17), 0, 40),  # descending colon
    Blob((-18, -72, 0), (18, 17, 92), 4, 36),  # transverse colon
)
_LIVER_INSIDE = (
    Blob((52, -10, -62), (8, 6, 36), 24, 150),  # portal vein
    Blob((66, -34, -34), (7, 5, 30), -30, 148),  # its left branch
    Blob((74, 8, -86), (7, 24, 5), 34, 146),  # a hepatic vein
    Blob((34, 14, -104), (15, 14, 15), 0, 48),  # metastasis
    Blob((70, -30, -84), (9, 8, 9), 0, 52),  # metastasis
)
_AIR_POCKETS = (
    Blob((38, -52, 58), (28, 17, 27), -20, _AIR),  # gastric bubble, risen to the front
    Blob((-48, -10, -112), (34, 13, 13), 0, -900),
    Blob((-34, 17, 116), (60, 9, 9), 0, -900),
    Blob((-18, -77, 14), (11, 10, 56), 4, -950),
)
_VESSELS = (
    Blob((0, 46, 8), (400, 11, 11), 0, 172),  # aorta, a tube through all slices
    Blob((0, 42, -24), (400, 10, 13), 0, 138),  # inferior vena cava
    Blob((6, 20, 6), (70, 4.5, 4.5), 0, 168),  # superior mesenteric artery
)


def sample_volume() -> Volume:
    """Draw the sample: an axial CT of an abdomen, the same on every call.

    Returns
    -------
    Volume
        int16 Hounsfield units, shape (40, 256, 256), spacing (5, 1.4, 1.4) mm, LPS directions,
        centred on 0.
    """
    grid = _bent_grid()
    hu = np.full(_SHAPE_ZYX, _AIR, dtype=np.float32)
    _paint_body(hu, grid)
    for blob in (*_LUNGS, *_LIVER, *_LIVER_INSIDE):
        _paint(hu, grid, blob)
    _paint_bowel(hu, grid)
    for blob in (*_ORGANS, *_AIR_POCKETS, *_VESSELS):
        _paint(hu, grid, blob)
    _paint_spine(hu, grid)
    _paint_ribs(hu, grid)
    _paint_couch(hu)
    return _as_ct(_scanned(hu))


class _Grid(NamedTuple):
    """Millimetre coordinates of voxels, bent a little so that nothing is a perfect ellipse."""

    z: FloatArray
    y: FloatArray
    x: FloatArray

    def around(self, blob: Blob) -> tuple[_Grid, tuple[slice, ...]]:
        """Cut out the part of the grid that a blob can reach."""
        reach = (blob.radii[0], *(2 * (max(blob.radii[1:]),)))
        cut = tuple(_span(axis, blob.center[axis], reach[axis] + 9.0) for axis in range(3))
        z, y, x = (np.broadcast_to(c, _SHAPE_ZYX)[cut] for c in self)
        return _Grid(z, y, x), cut


def _axis_mm(axis: int) -> FloatArray:
    size, step = _SHAPE_ZYX[axis], _SPACING_ZYX[axis]
    return ((np.arange(size) - (size - 1) / 2) * step).astype(np.float32)


def _span(axis: int, center: float, reach: float) -> slice:
    size, step = _SHAPE_ZYX[axis], _SPACING_ZYX[axis]
    middle = center / step + (size - 1) / 2
    return slice(max(0, int(middle - reach / step)), min(size, int(middle + reach / step) + 2))


def _bent_grid() -> _Grid:
    z, y, x = np.ix_(*(_axis_mm(axis) for axis in range(3)))
    bent_y = y + 3.0 * np.sin(x / 21 + z / 33) + 1.2 * np.sin(x / 8 - z / 15)
    bent_x = x + 3.0 * np.sin(y / 19 - z / 29) + 1.2 * np.sin(y / 9 + z / 13)
    return _Grid(z, bent_y, bent_x)


def _depth(grid: _Grid, blob: Blob) -> FloatArray:
    """Squared distance from the centre in units of the radii: below 1 inside."""
    turn = np.deg2rad(blob.turn_deg)
    y, x = grid.y - blob.center[1], grid.x - blob.center[2]
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    z = (grid.z - blob.center[0]) / blob.radii[0]
    return z**2 + (across / blob.radii[1]) ** 2 + (along / blob.radii[2]) ** 2


def _paint(hu: FloatArray, grid: _Grid, blob: Blob) -> None:
    part, cut = grid.around(blob)
    hu[cut][_depth(part, blob) < 1] = blob.hu


def _girth(grid: _Grid) -> FloatArray:
    """Body outline as a level: 1 on the skin, 0 in the middle; flatter at the back."""
    back = np.where(grid.y > 0, 1.12, 1.0)
    return ((grid.x / 160) ** 2 + (grid.y * back / 112) ** 2) ** 0.5


def _paint_body(hu: FloatArray, grid: _Grid) -> None:
    girth = np.broadcast_to(_girth(grid), hu.shape)
    hu[girth < 1] = 20.0  # skin
    hu[girth < 0.985] = _FAT
    hu[girth < 0.87] = _WALL
    hu[girth < 0.80] = _FAT + 8
    for side in (-1, 1):
        _paint(hu, grid, Blob((0, 84, side * 34), (400, 19, 31), side * 12.0, _MUSCLE))


def _paint_bowel(hu: FloatArray, grid: _Grid) -> None:
    """Loops of small bowel in the lower half: an enhancing wall around fluid, gas in front."""
    random = np.random.default_rng(_SEED)
    for _ in range(34):
        center = (random.uniform(-105, -22), random.uniform(-62, 12), random.uniform(-78, 84))
        radii = (random.uniform(10, 22), random.uniform(10, 15), random.uniform(11, 22))
        turn = random.uniform(-60, 60)
        _paint(hu, grid, Blob(center, radii, turn, 82.0))
        inside = (radii[0] - 3, radii[1] - 3, radii[2] - 3)
        _paint(hu, grid, Blob(center, inside, turn, _FLUID + random.uniform(0, 22)))
        if random.random() < 0.25:
            front = (center[0], center[1] - 4, center[2])
            _paint(hu, grid, Blob(front, (6, 5, 8), turn, -820.0))


def _paint_spine(hu: FloatArray, grid: _Grid) -> None:
    disc = np.mod(grid.z + 12, 36) < 8  # one vertebra and its disc every 36 mm
    body = Blob((0, 70, 0), (4000, 17, 22), 0, 0.0)
    part, cut = grid.around(body)
    level = _depth(part, body)
    hu[cut] = np.where(level < 1, np.where(disc, 88.0, 560.0), hu[cut])
    hu[cut] = np.where((level < 0.72) & ~disc, 185.0, hu[cut])
    for blob in (
        Blob((0, 92, 0), (4000, 11, 15), 0, 430.0),  # arch around the canal
        Blob((0, 92, 0), (4000, 7.5, 10), 0, 28.0),  # canal
    ):
        _paint(hu, grid, blob)
    _paint_processes(hu, grid)


def _paint_processes(hu: FloatArray, grid: _Grid) -> None:
    for height in range(-102, 103, 36):
        _paint(hu, grid, Blob((height, 110, 0), (11, 12, 3.5), 0, 420.0))
        for side in (-1, 1):
            _paint(hu, grid, Blob((height, 88, side * 26), (7, 4, 16), side * 10.0, 380.0))


def _paint_ribs(hu: FloatArray, grid: _Grid) -> None:
    """Ribs run down and forward inside the body wall, so that a slice cuts each one obliquely."""
    girth, angle = _girth(grid), np.arctan2(np.abs(grid.x), grid.y)
    phase = np.mod((grid.z + 42 * angle) / 30, 1.0)
    wall = (np.abs(girth - 0.835) < 0.03) & (grid.z > 35 * angle - 72) & (angle < 2.3)
    hu[wall & (phase < 0.40)] = 520.0
    marrow = wall & (np.abs(girth - 0.835) < 0.014) & (np.abs(phase - 0.20) < 0.11)
    hu[marrow] = 190.0


def _paint_couch(hu: FloatArray) -> None:
    y, x = np.ix_(_axis_mm(1), _axis_mm(2))
    top = 122.0 - (x / 150) ** 2 * 14
    shell: BoolArray = (np.abs(x) < 172) & (np.abs(y - top) < 2.0)
    hu[:, shell] = -330.0
    hu[:, (np.abs(x) < 172) & (y > top + 2) & (y < top + 22)] = -930.0


def _scanned(hu: FloatArray) -> FloatArray:
    """Partial volume of slice and pixel, texture of tissue, and quantum noise."""
    random = np.random.default_rng(_SEED + 1)
    image = ndimage.gaussian_filter(hu, (0.35, 0.75, 0.75), truncate=2.5)
    noise = random.standard_normal(hu.shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, (0, 0.8, 0.8), truncate=2.0)
    strength = np.where(image < -700, 16.0, 28.0).astype(np.float32)
    return image + strength * noise


def _as_ct(hu: FloatArray) -> Volume:
    voxels = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    volume = Volume.from_array(voxels, spacing=_SPACING_ZYX, modality="CT")
    affine = volume.affine.copy()
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(_SHAPE_ZYX) - 1) / 2)
    return Volume.from_array(voxels, affine=affine, modality="CT")
