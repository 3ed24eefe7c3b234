"""Segmented objects: a name, a colour, and a mask of their own that no other object cuts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from napari_samunet.geometry import plane_shape
from napari_samunet.io.origin import Algorithm, Origin
from napari_samunet.io.segments import Color
from napari_samunet.packed import PackedMask, place_of_all
from napari_samunet.preprocess.slicing import check_ref, take_slice
from napari_samunet.session.plane import PlaneState
from napari_samunet.types import BoolArray, SliceRef, Window


@dataclass(frozen=True, eq=False)
class ObjectState:
    """All that is known of one object at one moment; changing it makes a new value.

    Attributes
    ----------
    id
        Its number in the labels, 1 to 65535.
    name, color
        How it is called and drawn; the colour is (red, green, blue), 0 to 1.
    shape
        (Z, Y, X) of the volume.
    masks
        Index along axis 0 to the mask (Y, X) there; slices without a pixel are absent.
    keys
        Planes that a person prompted or painted, in the order of acceptance.
    window
        (low, high) that the latest of them was shown with, or None for the default.
    settled
        Planes of ``keys`` with the prompts and answers that were accepted there.
    given
        Indices along axis 0 of slices that came as they are, from a file or as labels.
    doubts
        Planes that nobody prompted and of which the model was not sure.
    locked, visible
        Whether nothing may change it; whether it is shown.
    models
        What had a part in it: answered prompts, or carried it on; the latest is the last.
    origin
        How it came about before it was in this session; None where it was begun here.
    """

    id: int
    name: str
    color: Color
    shape: tuple[int, int, int]
    masks: Mapping[int, PackedMask] = field(default_factory=dict)
    keys: tuple[SliceRef, ...] = ()
    window: Window | None = None
    settled: Mapping[SliceRef, PlaneState] = field(default_factory=dict)
    given: frozenset[int] = frozenset()
    doubts: tuple[SliceRef, ...] = ()
    locked: bool = False
    visible: bool = True
    models: tuple[Algorithm, ...] = ()
    origin: Origin | None = None

    def mask_at(self, ref: SliceRef) -> BoolArray:
        """Return the mask on one plane, shape (H, W)."""
        if ref.axis == 0:
            packed = self.masks.get(ref.index)
            return np.zeros(self.shape[1:], bool) if packed is None else packed.unpack()
        mask = np.zeros(plane_shape(self.shape, ref.axis), bool)
        for z, packed in self.masks.items():
            mask[z] = np.take(packed.unpack(), ref.index, axis=ref.axis - 1)
        return mask

    def masks_at(self, refs: Collection[SliceRef]) -> dict[SliceRef, BoolArray]:
        """Return the masks (H, W) on several planes; those without a pixel are left out."""
        there = {axis: set(self.indices_along(axis)) for axis in {ref.axis for ref in refs}}
        found = [ref for ref in refs if ref.index in there[ref.axis]]
        if len(found) < 2 or not any(ref.axis for ref in found):
            return {ref: self.mask_at(ref) for ref in found}
        volume_zyx = self.mask()  # made once, not once for every plane
        return {ref: take_slice(volume_zyx, ref) for ref in found}

    def with_plane(self, ref: SliceRef, mask_hw: BoolArray) -> ObjectState:
        """Return the object with another mask on one plane; all other slices are shared."""
        return self.with_planes({ref: mask_hw})

    def with_planes(self, masks: Mapping[SliceRef, BoolArray]) -> ObjectState:
        """Return the object with other masks on planes along one axis; other slices are shared."""
        now = self.masks_at(masks)
        new = {ref: mask for ref, mask in masks.items() if (mask ^ now.get(ref, np.False_)).any()}
        if not new:
            return self
        axes = {ref.axis for ref in new}
        slices = self._crossed(new) if any(axes) else {ref.index: new[ref] for ref in new}
        # Prompts that were accepted for another mask than this tell nothing of it.
        settled = self.settled.items()
        kept = {ref: plane for ref, plane in settled if ref not in new and ref.axis in axes}
        return replace(self._with_slices(slices), settled=kept)

    def _crossed(self, masks: Mapping[SliceRef, BoolArray]) -> dict[int, BoolArray]:
        """Return the slices along axis 0 that planes of another axis change."""
        axis = next(iter(masks)).axis
        indices = [ref.index for ref in masks]
        lines_zpw = np.stack(list(masks.values()), axis=1)
        changed = {}
        for z, lines_pw in enumerate(lines_zpw):
            if not (z in self.masks or lines_pw.any()):
                continue
            slice_yx = self.mask_at(SliceRef(0, z))
            lines = np.moveaxis(slice_yx, axis - 1, 0)
            if not np.array_equal(lines[indices], lines_pw):
                lines[indices] = lines_pw
                changed[z] = slice_yx
        return changed

    def accepted(
        self, masks: Mapping[SliceRef, BoolArray], planes: Mapping[SliceRef, PlaneState]
    ) -> ObjectState:
        """Return the object with masks on planes along one axis, and what led to each settled."""
        item = self.with_planes(masks)
        for ref in masks:
            item = item.settle(ref, planes[ref])
        return item

    def settle(self, ref: SliceRef, plane: PlaneState) -> ObjectState:
        """Return the object with what was accepted on a plane.

        A plane with prompts becomes the latest key plane. One without came from a propagation; it
        is doubted where the model was not sure.
        """
        if not plane.prompts:
            carried = plane.shown is not None and bool(plane.shown.mask.any())
            doubts = (ref,) if plane.is_doubtful else ()
            given = self.given - {ref.index} if ref.axis == 0 else frozenset()
            item = replace(self, doubts=(*self.trusted(ref).doubts, *doubts), given=given)
            return item.made_by(plane.models) if carried else item
        settled = {**self.settled, ref: plane.trimmed()}
        item = replace(self.with_key(ref), settled=settled, window=plane.window)
        return item.made_by(plane.models)

    def with_key(self, ref: SliceRef) -> ObjectState:
        """Return the object with its latest key plane, which is not doubted any more."""
        keys = (*(key for key in self.keys if key != ref), ref)
        return replace(self.trusted(ref), keys=keys)

    def trusted(self, ref: SliceRef) -> ObjectState:
        """Return the object without the doubt about a plane."""
        return replace(self, doubts=tuple(other for other in self.doubts if other != ref))

    def made_by(self, models: Sequence[Algorithm]) -> ObjectState:
        """Return the object with these among what had a part in it."""
        others = tuple(model for model in self.models if model not in models)
        return replace(self, models=(*others, *models))

    def indices_along(self, axis: int) -> tuple[int, ...]:
        """Return the indices along an axis where it has pixels."""
        if axis == 0:
            return tuple(sorted(self.masks))
        seen = np.zeros(self.shape[axis], bool)
        for packed in self.masks.values():
            seen[packed.place[axis - 1]] |= packed.lines[axis - 1]
        return tuple(np.flatnonzero(seen).tolist())

    @property
    def place(self) -> tuple[slice, slice, slice]:
        """The box of voxels that holds its mask; of size 0 where there is none."""
        if not self.masks:
            return slice(0, 0), slice(0, 0), slice(0, 0)
        return slice(min(self.masks), max(self.masks) + 1), *place_of_all(self.masks.values())

    def crop(self) -> BoolArray:
        """Return the mask within ``place``, made anew."""
        first, rows, columns = self.place
        crop_zyx = np.zeros([part.stop - part.start for part in self.place], bool)
        for z, packed in self.masks.items():
            (top, left), (height, width) = packed.corner, packed.size
            top, left = top - rows.start, left - columns.start
            crop_zyx[z - first.start, top : top + height, left : left + width] = packed.crop()
        return crop_zyx

    def mask(self) -> BoolArray:
        """Return the whole mask, shape (Z, Y, X), made anew."""
        volume_zyx = np.zeros(self.shape, bool)
        for z, packed in self.masks.items():
            volume_zyx[z][packed.place] = packed.crop()
        return volume_zyx

    def _with_slices(self, slices: Mapping[int, BoolArray]) -> ObjectState:
        masks = dict(self.masks)
        for z, slice_yx in slices.items():
            packed = PackedMask.of(slice_yx)
            if packed.is_empty:
                masks.pop(z, None)
            elif packed != masks.get(z):
                masks[z] = packed
        return self.with_masks(masks)

    def with_masks(self, masks: Mapping[int, PackedMask]) -> ObjectState:
        """Return the object with other masks; one without a voxel has no past."""
        if not masks:
            return replace(self, masks=masks, models=(), origin=None)
        origin = self.origin and replace(self.origin, corrected=True)
        return replace(self, masks=masks, origin=origin)

    def with_past_of(self, other: ObjectState) -> ObjectState:
        """Return the object as one that another was merged into."""
        origin = self.origin or (other.origin and replace(other.origin, corrected=True))
        return replace(self, origin=origin).made_by(other.models)


class SegmentObject:
    """An object of a session, as it is at the moment of asking.

    Two are equal when they are the same object of the same session.

    Parameters
    ----------
    number
        Its number in the labels, from then on ``id``.
    look_up
        Returns its present state; raises ``InputError`` once it is deleted.
    """

    def __init__(self, number: int, look_up: Callable[[int], ObjectState]) -> None:
        self.id = number
        self._look_up = look_up

    @property
    def name(self) -> str:
        """What it is called."""
        return self._look_up(self.id).name

    @property
    def color(self) -> Color:
        """(red, green, blue), 0 to 1."""
        return self._look_up(self.id).color

    @property
    def mask(self) -> BoolArray:
        """Its accepted mask, shape (Z, Y, X), a copy."""
        return self._look_up(self.id).mask()

    @property
    def slices(self) -> tuple[int, ...]:
        """Indices along axis 0 where it has accepted pixels."""
        return self.slices_along(0)

    def slices_along(self, axis: int) -> tuple[int, ...]:
        """Indices along any axis, 0 to 2, where it has accepted pixels."""
        return self._look_up(self.id).indices_along(axis)

    @property
    def keys(self) -> tuple[SliceRef, ...]:
        """Planes that a person prompted or painted and accepted."""
        return self._look_up(self.id).keys

    @property
    def locked(self) -> bool:
        """Whether nothing may change it."""
        return self._look_up(self.id).locked

    @property
    def visible(self) -> bool:
        """Whether it is shown."""
        return self._look_up(self.id).visible

    @property
    def doubts(self) -> tuple[SliceRef, ...]:
        """Accepted planes that nobody prompted and of which the model was not sure."""
        return self._look_up(self.id).doubts

    @property
    def voxels(self) -> int:
        """Number of its accepted voxels."""
        return sum(packed.pixels for packed in self._look_up(self.id).masks.values())

    def mask_at(self, index: int, axis: int = 0) -> BoolArray:
        """Return its accepted mask on one plane, shape (H, W); no such plane: ``OutsideImage``."""
        item, ref = self._look_up(self.id), SliceRef(axis, index)
        check_ref(item.shape, ref)
        return item.mask_at(ref)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SegmentObject)
            and self.id == other.id
            and self._look_up == other._look_up
        )

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"SegmentObject({self.id})"
