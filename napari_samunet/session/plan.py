"""What a propagation is going to do, as a value that another thread can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_samunet.errors import EmptyPrompt
from napari_samunet.io.volume import Volume
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.checks import plane_of
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.request import Answerer
from napari_samunet.session.state import PlaneState, State
from napari_samunet.types import BoolArray, SliceRef, Window

if TYPE_CHECKING:
    from napari_samunet.inference.prediction import Prediction
    from napari_samunet.inference.propagation import Progress


@dataclass(frozen=True, eq=False)
class PropagationPlan:
    """Carry one object from its key slices to a range of slices.

    Attributes
    ----------
    volume
        The image.
    object_id, axis, first, last
        Which object, along which axis, to which slices.
    keys
        Index to mask (H, W) of the slices that a person settled.
    window
        What the key slices were shown with.
    basis
        The object and its planes when the plan was made.
    """

    volume: Volume
    object_id: int
    axis: int
    first: int
    last: int
    keys: Mapping[int, BoolArray]
    window: Window | None
    basis: tuple[ObjectState, dict[SliceRef, PlaneState]]

    def run(self, engine: Answerer, progress: Progress | None = None) -> dict[SliceRef, Prediction]:
        """Answer the slices; may run in any thread."""
        from napari_samunet.inference.propagation import propagate

        def ask(index: int, prompts: Prompts) -> Prediction:
            return engine.predict(self.volume, SliceRef(self.axis, index), prompts, self.window)

        found = propagate(ask, self.keys, self.first, self.last, progress)
        return {SliceRef(self.axis, index): answer for index, answer in found.items()}

    def fits(self, state: State) -> bool:
        """Whether the object is still what the plan was made for."""
        known = {item.id: item for item in state.objects}.get(self.object_id)
        item, planes = self.basis
        return known is item and state.planes_of(self.object_id) == planes


def make_plan(
    volume: Volume, state: State, first: int, last: int, axis: int | None
) -> PropagationPlan:
    """Plan to carry the current object on, or else the one that was accepted last.

    Raises
    ------
    OutsideImage
        The range leaves the volume.
    EmptyPrompt
        There is no object, or it has no mask along that axis.
    """
    object_id = state.recent if state.current is None else state.current
    if object_id is None:
        raise EmptyPrompt("A propagation carries an object on, but there is none; segment one.")
    item, planes = state.object(object_id), state.planes_of(object_id)
    axis = _axis(item, planes) if axis is None else axis
    low, high = sorted((first, last))
    for index in (low, high):
        plane_of(volume.shape, index, axis)
    keys = _key_masks(item, planes, axis)
    if not keys:
        raise EmptyPrompt(
            f"A propagation along axis {axis} starts from a slice where {item.name} is; "
            "it has none there yet: click on it first."
        )
    windows = [planes[ref].window for ref in planes if planes[ref].prompts]
    window = windows[-1] if windows else item.window
    return PropagationPlan(volume, object_id, axis, low, high, keys, window, (item, planes))


def _axis(item: ObjectState, planes: Mapping[SliceRef, PlaneState]) -> int:
    """Return the axis of the latest prompt."""
    prompted = [ref for ref in planes if planes[ref].prompts]
    if prompted:
        return max(prompted, key=lambda ref: planes[ref].generation).axis
    return item.keys[-1].axis if item.keys else 0


def _key_masks(
    item: ObjectState, planes: Mapping[SliceRef, PlaneState], axis: int
) -> dict[int, BoolArray]:
    """Return the masks to start from: settled slices, else every slice that the object has."""
    keys = {ref.index: item.mask_at(ref) for ref in item.keys if ref.axis == axis}
    for ref, plane in planes.items():
        if ref.axis == axis and plane.prompts and plane.shown is not None:
            keys[ref.index] = plane.shown.mask
    if not keys and axis == 0:
        keys = {z: packed.unpack() for z, packed in item.masks.items()}
    return {index: mask for index, mask in keys.items() if mask.any()}
