"""Prompts under the mouse: which one it is, and where a drag takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.errors import InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.plugin.coordinates import locate
from napari_samunet.plugin.volumes import display_of
from napari_samunet.session.placed import PlacedPrompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel

    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.types import Box, FloatArray

_REACH = 7.0
"""Pixels of the screen around a click's mark or a box's line that take hold of it."""


@dataclass(frozen=True)
class Handle:
    """What a drag takes hold of.

    Attributes
    ----------
    prompt : PlacedPrompt
        A click or a box.
    corner : (int, int) or None
        Of a box, which of its two rows and columns move; None: the whole prompt moves.
    start : (int, int)
        (row, column) where it was taken.
    """

    prompt: PlacedPrompt
    corner: tuple[int, int] | None
    start: tuple[int, int]

    def point_at(self, place_rc: tuple[int, int]) -> tuple[float, float]:
        """Where a click is when the mouse is at a place."""
        row, column = self.prompt.points[0] + np.subtract(place_rc, self.start)
        return float(row), float(column)

    def box_at(self, place_rc: tuple[int, int], shape_hw: tuple[int, int]) -> Box:
        """Where a box is when the mouse is at a place: a corner is pulled, or all of it moves."""
        box = np.array(self.prompt.box, float)
        moved = np.subtract(place_rc, self.start)
        last = np.array(shape_hw) - 1
        if self.corner is None:
            moved = np.clip(moved, -box[:2], last - box[2:])  # it keeps its size at the edge
            box += np.tile(moved, 2)
        else:
            box[self.corner[0] * 2] += moved[0]
            box[self.corner[1] * 2 + 1] += moved[1]
        rows, columns = sorted(box[[0, 2]]), sorted(box[[1, 3]])
        return rows[0], columns[0], rows[1], columns[1]


def handle_at(work: ImageWork, viewer: ViewerModel, position: Sequence[float]) -> Handle | None:
    """Return what lies under a place of the viewer: the nearest click, else a box's line."""
    try:
        spot = locate(viewer, work.image, position)
    except InputError:
        return None
    place = np.array([spot.row, spot.col])
    reach = _reach(work, viewer, spot.ref.axis)
    known = work.session.settled_prompts + work.session.prompts
    here = [prompt for prompt in known if prompt.ref == spot.ref]
    for prompt in reversed(here):
        if prompt.kind == "point" and (abs(prompt.points[0] - place) <= reach).all():
            return Handle(prompt, None, (spot.row, spot.col))
    boxes = [prompt for prompt in here if prompt.kind == "box"]
    if boxes and boxes[-1].box is not None and _on_line(np.array(boxes[-1].box), place, reach):
        corner = _corner(np.array(boxes[-1].box), place, reach)
        return Handle(boxes[-1], corner, (spot.row, spot.col))
    return None


def move(handle: Handle, work: ImageWork, place_rc: tuple[int, int], done: bool) -> None:
    """Show a prompt where the mouse is, or put it there when the drag is done."""
    ref, session = handle.prompt.ref, work.session
    if handle.prompt.kind == "point":
        point = handle.point_at(place_rc)
        if done:
            session.move_prompt(handle.prompt, point_rc=point, predict=False)
        else:
            work.drawing.moved_point(handle.prompt, point)
        return
    box = handle.box_at(place_rc, plane_shape(work.volume.shape, ref.axis))
    if done:
        session.move_prompt(handle.prompt, box_rc=box, predict=False)
    else:
        work.drawing.live_box(ref, box)


def _reach(work: ImageWork, viewer: ViewerModel, axis: int) -> FloatArray:
    """Reach in rows and columns of the plane: pixels of the screen are no voxels."""
    scale = np.abs(np.asarray(work.image.scale, float))
    if len(scale) == 3:  # the scale is of the axes as they are displayed
        scale = np.delete(scale[np.argsort(display_of(work.image).axes)], axis)
    return _REACH / (viewer.scene.camera.zoom * scale)


def _on_line(box: FloatArray, place: FloatArray, reach: FloatArray) -> bool:
    low, high = box[:2], box[2:]
    outside = (place < low - reach) | (place > high + reach)
    inside = (place > low + reach) & (place < high - reach)
    return not outside.any() and not inside.all()


def _corner(box: FloatArray, place: FloatArray, reach: FloatArray) -> tuple[int, int] | None:
    """Which row and column (0: first, 1: last) of a box are near; None away from its corners."""
    near = [abs(place - box[:2]) <= reach, abs(place - box[2:]) <= reach]
    rows = [end for end in (0, 1) if near[end][0]]
    columns = [end for end in (0, 1) if near[end][1]]
    return (rows[0], columns[0]) if rows and columns else None
