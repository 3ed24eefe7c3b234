"""Which way up: the patient as a radiologist expects, whatever order the file stores voxels in.

And which side of the patient lies at which edge of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.geometry import axis_letters
from napari_samunet.io.facing import SHOWN_FIRST, facing_axis
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.display import Display, shown_affine
from napari_samunet.types import FloatArray, SliceRef

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel
    from napari.layers import Image


def radiological(volume: Volume, displayed: tuple[int, int]) -> tuple[str, str]:
    """Directions (vertical, horizontal) in which displayed indices must grow on the screen.

    Axial planes stand right as they are; of coronal and sagittal ones, whose first axis leads
    upwards, the camera is turned over.

    Parameters
    ----------
    volume : Volume
        Its affine says where the axes point.
    displayed : (int, int)
        Displayed axes that run down and across the screen.
    """
    rows, cols = (axis_letters(shown_affine(volume))[axis][0] for axis in displayed)
    return ("down" if rows in SHOWN_FIRST else "up"), ("right" if cols in SHOWN_FIRST else "left")


def turn_over(viewer: ViewerModel, volume: Volume) -> None:
    """Show a volume the way up that a radiologist expects.

    Arrays of which nobody knows where they lie in a patient, and 3-D views, stay as napari shows
    them.
    """
    dims: Dims = viewer.dims
    if not volume.is_placed or dims.ndisplay != 2 or dims.ndim != 3:
        return
    camera = viewer.scene.camera
    wanted = radiological(volume, (dims.displayed[0], dims.displayed[1]))
    if tuple(str(direction) for direction in camera.orientation2d) != wanted:
        camera.orientation2d = wanted


class Rolling:
    """Keeps the planes upright when a person rolls the axes.

    napari puts the last axis first: after axial and sagittal, the coronal plane would lie on its
    side. The same planes come in the same turn, with the axes on the screen in the order of the
    body. What is transposed on purpose stays.

    Parameters
    ----------
    dims : Dims
        What is displayed now.
    """

    def __init__(self, dims: Dims) -> None:
        self._before = dims.order

    def follow(self, dims: Dims, volume: Volume | None) -> None:
        """Look at another order of the axes, and mend it if a volume was rolled onto its side."""
        before, self._before = self._before, dims.order
        if volume is None or not volume.is_placed or dims.ndisplay != 2 or dims.ndim != 3:
            return
        upright = _UPRIGHT.get((before, dims.order))
        if upright is not None:
            dims.order = upright


_UPRIGHT = {
    ((2, 0, 1), (1, 2, 0)): (1, 0, 2),  # sagittal, rolled to coronal
    ((1, 0, 2), (2, 1, 0)): (0, 1, 2),  # coronal, which napari would roll to sagittal again
}
"""What napari rolls an order to, and the order that is wanted instead."""


def face_finest(viewer: ViewerModel, image: Image, volume: Volume) -> None:
    """Turn to the plane with the finest pixels, where a volume has one axis much coarser.

    Others are seen axially; a view that a person has turned already stays.
    """
    dims, finest = viewer.dims, facing_axis(volume)
    if image.ndim != 3 or dims.ndim != 3:
        return
    if dims.order == (0, 1, 2) and Display.of(volume).axes[0] != finest:
        show_plane(viewer, image, SliceRef(finest, (volume.shape[finest] - 1) // 2))


@dataclass(frozen=True)
class Sides:
    """The letters of the patient's sides at the edges of the canvas."""

    top: str
    bottom: str
    left: str
    right: str


def sides_of(viewer: ViewerModel, image: Image, volume: Volume) -> Sides | None:
    """Which side of the patient lies at each edge, as the image is shown at this moment.

    The layer's own transform, the order of the axes and the way up of the camera all count; of
    axes that lie obliquely in the patient the nearest letter is told.

    Parameters
    ----------
    viewer : napari.Viewer
    image : Image
        The layer that shows the volume.
    volume : Volume

    Returns
    -------
    Sides or None
        None in 3-D, and of an image of which nobody knows where it lies in a patient.
    """
    dims = viewer.dims
    shown = [axis - (dims.ndim - 3) for axis in dims.displayed]
    if not volume.is_placed or image.ndim != 3 or dims.ndisplay != 2 or min(shown) < 0:
        return None
    rows, columns = (axis_letters(_world_to_patient(image, volume))[axis] for axis in shown)
    down, right = (str(way) for way in viewer.scene.camera.orientation2d)
    top, bottom = rows if down == "down" else rows[::-1]
    left, right = columns if right == "right" else columns[::-1]
    return Sides(top, bottom, left, right)


def _world_to_patient(image: Image, volume: Volume) -> FloatArray:
    """Directions of napari's world axes (z, y, x) in the patient, as a (4, 4) affine, RAS+."""
    origin = np.asarray(image.data_to_world((0.0, 0.0, 0.0)))
    steps = [np.asarray(image.data_to_world(step)) - origin for step in np.eye(3)]
    affine = np.eye(4)
    affine[:3, :3] = shown_affine(volume)[:3, :3] @ np.linalg.inv(np.transpose(steps))
    return affine
