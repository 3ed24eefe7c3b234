"""Slider and camera go by the images that are seen; napari counts those that are hidden, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.errors import InputError, OutsideImage
from napari_samunet.plugin.coordinates import middle_of, shown_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_samunet.types import FloatArray

_UNLIKE = 3.0
"""How many times as large an image is, where one view cannot serve for it and another one."""


class Framing:
    """Keeps images that were put aside from stretching the slider and shrinking the view.

    Beside a picture of 500 mm, the scan that is worked on would be a thumbnail, and one slice of it
    sixteen steps of the slider.

    Parameters
    ----------
    viewer : napari.Viewer
    seen : callable
        Returns the layers that count.
    """

    def __init__(self, viewer: ViewerModel, seen: Callable[[], list[Layer]]) -> None:
        self._viewer = viewer
        self._seen = seen
        self._before: FloatArray | None = None  # where the image lies that was chosen last
        self._turning = False
        viewer.dims.events.range.connect(self.fit_slider)
        viewer.events.reset_view.connect(self._fit_camera)

    def detach(self) -> None:
        """Leave slider and camera to napari again."""
        self._viewer.dims.events.range.disconnect(self.fit_slider)
        self._viewer.events.reset_view.disconnect(self._fit_camera)
        self._stretch_slider(list(self._viewer.layers))

    def turn_to(self, image: Image, put_aside: Callable[[], None]) -> None:
        """Bring a chosen image into view; a view that suits it and the one before stays.

        ``put_aside()`` hides the others.
        """
        viewer, layers = self._viewer, self._viewer.layers
        self._turning = True  # the slider must reach this image, wherever the one before lies
        try:
            self._stretch_slider(list(layers))
            put_aside()
            bring_into_view(viewer, image)
        finally:
            self._turning = False
        own = layers.get_extent([image]).world
        before = layers.extent.world if self._before is None else self._before
        if _unlike(self._on_screen(own), self._on_screen(before)):
            viewer.reset_view()
        self._before = own
        self.fit_slider()

    def fit_slider(self, _event: object = None) -> None:
        """Let the slider go through what counts, by its own slices."""
        if not self._turning:
            self._stretch_slider(self._seen())

    def _stretch_slider(self, layers: list[Layer]) -> None:
        if not layers:
            return
        dims, extent = self._viewer.dims, self._viewer.layers.get_extent(layers)
        own = [tuple(one) for one in zip(*extent.world.tolist(), extent.step.tolist(), strict=True)]
        place = dims.point
        dims.range = (*dims.range[: dims.ndim - len(own)], *own)
        dims.point = place  # napari's slider keeps the number of its step, which is elsewhere now

    def _fit_camera(self, _event: Any) -> None:
        layers = self._seen()
        # napari fits nothing to layers that all have fewer axes than an image that was put aside.
        if any(layer.ndim == self._viewer.dims.ndim for layer in layers):
            with self._viewer.events.reset_view.blocker(self._fit_camera):
                self._viewer.fit_to_view(layers=layers)

    def _on_screen(self, world: FloatArray) -> FloatArray:
        """Of least and greatest places (2, D) those along the axes of the screen, (2, 2)."""
        shown = [axis - self._viewer.dims.ndim for axis in self._viewer.dims.displayed[-2:]]
        inside = all(-axis <= world.shape[1] for axis in shown)
        return np.asarray(world[:, shown] if inside else world[:, -2:], dtype=float)


def bring_into_view(viewer: ViewerModel, image: Image) -> None:
    """Move the slider to the middle of an image that the shown slice does not cut."""
    try:
        shown_slice(viewer, image)
    except OutsideImage:
        middle = middle_of(viewer, image)
        first = viewer.dims.ndim - image.ndim
        for axis in viewer.dims.not_displayed:
            if axis >= first:
                viewer.dims.set_point(axis, middle[axis - first])
        viewer.reset_view()
    except InputError:
        return


def _unlike(sides: FloatArray, others: FloatArray) -> bool:
    """Whether a view of one is none of the other: of another size, or beside it."""
    size, other = (float(np.ptp(one, axis=0).max()) for one in (sides, others))
    beside = (sides[0] > others[1]).any() or (others[0] > sides[1]).any()
    return bool(beside or max(size, other) > _UNLIKE * min(size, other))
