"""Which way up: the patient as a radiologist expects, whatever order the file stores voxels in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.geometry import axis_letters
from napari_samunet.io.volume import Volume

if TYPE_CHECKING:
    from napari.components import ViewerModel

_FIRST = {"R", "A", "S"}
"""What belongs at the left and at the top: the patient's right, anterior, superior."""
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}

Orientation = tuple[str, str]
"""napari's (vertical, horizontal) direction of growing indices."""


def radiological(volume: Volume, displayed: tuple[int, int]) -> Orientation:
    """Direction in which rows and columns must grow on the screen.

    The voxels stay as they are stored; only the camera is turned over.

    Parameters
    ----------
    volume : Volume
        Its affine says where the axes point.
    displayed : (int, int)
        Array axes that run down and across the screen.
    """
    rows, cols = (axis_letters(volume.affine)[axis][0] for axis in displayed)
    return ("down" if rows in _FIRST else "up"), ("right" if cols in _FIRST else "left")


def edge_letters(volume: Volume, displayed: tuple[int, int]) -> tuple[str, str]:
    """What lies at the left and at the top of the screen in that orientation, e.g. ("R", "A")."""
    rows, cols = (axis_letters(volume.affine)[axis][0] for axis in displayed)
    return _first(cols), _first(rows)


def turn(viewer: ViewerModel, orientation: Orientation) -> None:
    """Turn the 2-D view over where it is not already so."""
    camera = viewer.scene.camera
    if tuple(str(direction) for direction in camera.orientation2d) != orientation:
        camera.orientation2d = orientation


def _first(letter: str) -> str:
    return letter if letter in _FIRST else _OPPOSITE[letter]
