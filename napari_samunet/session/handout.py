"""What a session hands out: its objects as they are now, for files of every kind.

A handout is a value, so that a thread may write it while a person goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from napari_samunet.errors import ExportRefused, UnknownEnding
from napari_samunet.io.export import (
    check_target,
    export_labels,
    format_of,
    sidecar_of,
    write_and_replace,
)
from napari_samunet.io.measures import write_measures
from napari_samunet.io.origin import BY_HAND, UNNAMED
from napari_samunet.io.segments import Segment, labels_of
from napari_samunet.io.volume import Volume
from napari_samunet.session.montage import write_montage
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.provenance import write_provenance


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
        write = None if format else _WRITERS.get(target.suffix.lower())
        if write is not None:
            target = check_target(target, self.volume)
            write_and_replace(target, lambda draft: write(self, draft))
            return target
        kind = mask_format(target, format)
        segments = self.segments()
        labels = labels_of(segments, self.volume.shape)
        written = export_labels(labels, self.volume, target, format, segments=segments)
        sidecar = sidecar_of(written)
        try:
            write_and_replace(
                sidecar,
                lambda draft: write_provenance(
                    self.objects, self.volume, draft, renumbered=kind == "dicom-seg"
                ),
            )
        except ExportRefused as error:
            raise ExportRefused(
                f"{written} was written; only {sidecar.name} beside it, which tells how its "
                f"objects came about, was not. {error}"
            ) from None
        return written

    def note(self, path: str | Path, format: str | None = None) -> str:  # noqa: A002
        """What other programs may get wrong of a file that was written, as a line, or ""."""
        target = Path(path)
        if target.suffix.lower() != ".dcm" or format_of(target, format) != "dicom-seg":
            return ""
        from napari_samunet.io.dicom_seg import note_of_shear

        return note_of_shear(self.volume)


_WRITERS: dict[str, Callable[[Handout, Path], None]] = {
    ".csv": lambda handout, draft: write_measures(handout.segments(), handout.volume, draft),
    ".png": lambda handout, draft: write_montage(handout.segments(), handout.volume, draft),
    ".json": lambda handout, draft: write_provenance(handout.objects, handout.volume, draft),
}
BESIDE_MASKS = tuple(_WRITERS)
"""What is written of objects that is no mask: measures, an overlay, how they came about."""


def mask_format(target: Path, format: str | None) -> str:  # noqa: A002
    """Tell the format of a mask file as ``format_of``; of a name without a known ending all are
    told that a session writes.
    """
    try:
        return format_of(target, format)
    except UnknownEnding as error:
        raise UnknownEnding(
            f"{str(error).rstrip('.')}, of .seg.nrrd, or of {' '.join(BESIDE_MASKS)} for what is "
            "told of the objects."
        ) from error


def _segment(item: ObjectState) -> Segment:
    model, origin = item.models[-1] if item.models else None, item.origin or BY_HAND
    if model == UNNAMED:
        model, origin = None, origin.helped()
    z, y, x = (part.start for part in item.place)
    return Segment(item.id, item.name, item.crop(), (z, y, x), item.color, model, origin)
