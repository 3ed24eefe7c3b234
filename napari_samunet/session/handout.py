"""What a session hands out: its objects as they are now, for files of every kind.

A handout is a value, so that a thread may write it while a person goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_samunet.errors import ExportRefused, InputError
from napari_samunet.io.export import (
    check_target,
    export_labels,
    sidecar_of,
    write_and_replace,
)
from napari_samunet.io.measures import write_measures
from napari_samunet.io.origin import BY_HAND, UNNAMED
from napari_samunet.io.segments import Segment, labels_of
from napari_samunet.io.volume import Volume
from napari_samunet.packed import PackedMask
from napari_samunet.session.colors import color_of
from napari_samunet.session.montage import write_montage
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.provenance import write_provenance
from napari_samunet.session.state import MAX_ID, State, next_number
from napari_samunet.types import SliceRef

BESIDE_MASKS = (".csv", ".png", ".json")
"""What is written of objects that is no mask: measures, an overlay, how they came about."""


@dataclass(frozen=True, eq=False)
class Handout:
    """Objects of a session at one moment.

    Attributes
    ----------
    volume
        The image.
    objects
        In the order of creation.
    """

    volume: Volume
    objects: tuple[ObjectState, ...]

    def segments(self) -> list[Segment]:
        """Objects with at least one voxel, masks that overlap included."""
        return [_segment(item) for item in self.objects if item.masks]

    def numbered(self, numbers: Mapping[int, int]) -> Handout:
        """The same with other numbers in the labels, e.g. {1: 5}."""
        objects = (replace(item, id=numbers.get(item.id, item.id)) for item in self.objects)
        return replace(self, objects=tuple(objects))

    def write(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """Write the objects, and beside a mask file how they came about.

        Parameters
        ----------
        path, format
            As for ``export_labels``; .csv writes measures, .png an overlay, .json how the objects
            came about. Masks get a sidecar of the same name with .json after it.

        Raises
        ------
        ExportRefused
            The format cannot hold the objects, or nothing can be written there.
        """
        target = Path(path).expanduser()
        write = self._writers().get(target.suffix.lower())
        if write is not None and format is None:
            target = check_target(target, self.volume)
            write_and_replace(target, write)
            return target
        segments = self.segments()
        labels = labels_of(segments, self.volume.shape)
        written = export_labels(labels, self.volume, target, format, segments=segments)
        sidecar = sidecar_of(written)
        try:
            write_and_replace(sidecar, self._writers()[".json"])
        except ExportRefused as error:
            raise ExportRefused(
                f"{written} was written; only {sidecar.name} beside it, which tells how its "
                f"objects came about, was not. {error}"
            ) from None
        return written

    def _writers(self) -> dict[str, Callable[[Path], None]]:
        """What writes each of `BESIDE_MASKS`."""
        volume = self.volume
        writers: tuple[Callable[[Path], None], ...] = (
            lambda draft: write_measures(self.segments(), volume, draft),
            lambda draft: write_montage(self.segments(), volume, draft),
            lambda draft: write_provenance(self.objects, volume, draft),
        )
        return dict(zip(BESIDE_MASKS, writers, strict=True))


def with_segments(state: State, segments: Sequence[Segment], shape: tuple[int, int, int]) -> State:
    """Return the state with objects more, the first of which is current; numbers stay if free.

    What belongs to locked objects stays theirs alone: the new ones are without these voxels.

    Raises
    ------
    InputError
        More objects than labels can hold.
    """
    used = {item.id for item in state.objects}
    wanted = used | {segment.number for segment in segments if 0 < segment.number <= MAX_ID}
    following = state.following(wanted)
    locked = [item for item in state.objects if item.locked]
    made: list[ObjectState] = []
    for segment in segments:
        number = segment.number
        if number in used or not 0 < number <= MAX_ID or number < state.next_id:
            number = following
            wanted.add(number)
            following = next_number(number + 1, wanted)
        if number > MAX_ID:
            raise InputError(f"Labels hold at most {MAX_ID} objects, and these would be more.")
        used.add(number)
        made.append(_object(segment, number, shape, locked))
    current = made[0].id if made else state.current
    objects = (*state.objects, *made)
    return replace(state, objects=objects, next_id=following, current=current, ref=None)


def _segment(item: ObjectState) -> Segment:
    model, origin = item.models[-1] if item.models else None, item.origin or BY_HAND
    if model == UNNAMED:
        model, origin = None, origin.helped()
    z, y, x = (part.start for part in item.place)
    return Segment(item.id, item.name, item.crop(), (z, y, x), item.color, model, origin)


def _object(
    segment: Segment, number: int, shape: tuple[int, int, int], locked: Sequence[ObjectState]
) -> ObjectState:
    masks = {}
    for z in segment.slices:
        mask = segment.plane(z, shape[1:])
        for other in locked:
            mask &= ~other.mask_at(SliceRef(0, z))
        packed = PackedMask.of(mask)
        if not packed.is_empty:
            masks[z] = packed
    color = segment.color if segment.color is not None and any(segment.color) else None
    color = color or color_of(number)
    given, origin = frozenset(masks), segment.origin if masks else None
    return ObjectState(number, segment.name, color, shape, masks, given=given, origin=origin)
