"""Which way up: the patient as a radiologist expects, whatever order the file stores voxels in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.geometry import axis_letters
from napari_samunet.io.volume import Volume

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel

_FIRST = {"R", "A", "S"}
"""What belongs at the left and at the top: the patient's right, anterior, superior."""


def radiological(volume: Volume, displayed: tuple[int, int]) -> tuple[str, str]:
    """Directions (vertical, horizontal) in which indices must grow on the screen.

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


def turn_over(viewer: ViewerModel, volume: Volume) -> None:
    """Show a volume the way up that a radiologist expects.

    Arrays of which nobody knows where they lie in a patient, and 3-D views, stay as napari shows
    them.
    """
    dims: Dims = viewer.dims
    known = volume.modality is not None or volume.source.kind not in ("array", "picture")
    if not known or dims.ndisplay != 2 or dims.ndim != 3:
        return
    camera = viewer.scene.camera
    wanted = radiological(volume, (dims.displayed[0], dims.displayed[1]))
    if tuple(str(direction) for direction in camera.orientation2d) != wanted:
        camera.orientation2d = wanted
