"""The state of the work in the words and values that the panels show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.io.measures import millilitres_of
from napari_samunet.io.segments import default_name
from napari_samunet.plugin.advice import Situation
from napari_samunet.plugin.alignment import misfit
from napari_samunet.plugin.drawing import bright
from napari_samunet.plugin.panels.object_table import ObjectRow
from napari_samunet.plugin.volumes import is_resized
from napari_samunet.plugin.work import ref_of
from napari_samunet.session.plane import is_low
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.io.volume import Volume
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork


_RESIZED = "its size was changed after the work began; exports keep the earlier one"
_TIMES = " × "  # noqa: RUF001 - a person reads it


def situation(controller: Controller) -> Situation:
    """What the status line depends on."""
    work = controller.work
    flat = controller.viewer.dims.ndisplay == 2
    tool, ready = controller.prompting.tool, controller.model_ready
    if work is None:
        return Situation(image=False, flat=flat, ready=ready, tool=tool)
    session, current = work.session, work.session.current
    ref = ref_of(work, controller.viewer)
    shown = None if ref is None else session.previews.get(ref)
    neighbour, shared = neighbours(work, ref)
    through = controller.through
    carries = through.carries(work)
    return Situation(
        carried=work.names().get(through.object_id, "the object") if carries else "",
        found=through.done,
        asked=through.total,
        stopping=through.stopping,
        flat=flat,
        inside=ref is not None,
        ready=ready,
        waiting=controller.waiting,
        tool=tool,
        empty=shown is not None and shown.chosen.packed.is_empty,
        unasked=not any(prompt.ref == ref for prompt in session.prompts),
        shown=shown is not None,
        note="" if shown is None else shown.note,
        unseen=shown is not None and not work.shown.shows("preview"),
        low=shown is not None and is_low(shown),
        doubtful=through.is_doubtful,
        score=None if shown is None else shown.score,
        kind="iou" if shown is None else shown.score_kind,
        candidate=1 if shown is None else shown.rank + 1,
        candidates=1 if shown is None else len(shown.candidates),
        current="" if current is None else current.name,
        accepted=current is not None and bool(current.slices),
        named=current is not None and current.name != default_name(current.id),
        locked=current is not None and current.locked,
        veiled=current is not None and not current.visible,
        pending=len(session.previews),
        suggested=controller.suggestions.shown,
        hidden=work.hides_masks,
        single=ref is not None and work.volume.shape[ref.axis] == 1,
        overlap=controller.grouping.overlap,
        neighbour=neighbour,
        shared=shared,
    )


def about_image(work: ImageWork, viewer: ViewerModel) -> str:
    """Size, spacing and place, e.g. "256 × 256 × 40, 1.4 × 1.4 × 5 mm, slice 12 of 40".

    Where nobody said how large a voxel is, "512 × 512 × 1 px".

    A line more tells what was odd about the file, and another one which images do not align.
    """
    size = _TIMES.join(str(n) for n in work.volume.shape[::-1])
    ref = ref_of(work, viewer)
    shown = [] if ref is None else [f"Slice {ref.index + 1} of {work.volume.shape[ref.axis]}"]
    if work.volume.color is None:
        low, high = work.image.contrast_limits
        shown.append(f"level {(low + high) / 2:.6g}, width {high - low:.6g}")
    later = (_RESIZED,) if is_resized(work.image) else ()
    odd = "; ".join((*work.volume.source.notes, *later))
    odd = odd and f"{odd[0].upper()}{odd[1:]}."
    apart = misfit(work.volume, viewer.layers)
    lines = (f"{size}{_measured(work.volume)}", "  ·  ".join(shown), odd, apart)
    return "\n".join(filter(None, lines))


def _measured(volume: Volume) -> str:
    source, along_xyz = volume.source, [f"{mm:.3g}" for mm in volume.spacing[::-1]]
    if source.sized:
        known = along_xyz if source.sized == "voxel" else along_xyz[:2]
        return f", {_TIMES.join(known)} mm"
    # Here, where it costs no line: one more would not fit on a small screen.
    return " px, no size in mm is stated" if source.kind == "array" else " px"


def rows_of(work: ImageWork, axis: int) -> list[ObjectRow]:
    """One row an object, with its slices along an axis, and its volume where that is known."""
    return [
        ObjectRow(
            item.id,
            item.name,
            bright(item.color),
            len(item.slices_along(axis)),
            millilitres_of(item.voxels, work.volume),
            item.locked,
            item.visible,
        )
        for item in work.session.objects
    ]


def windows_titles(work: ImageWork | None) -> tuple[list[str], int]:
    """Names of all windows that are offered, and the number of the one that is seen, or -1."""
    if work is None or work.volume.color is not None:
        return [], -1
    seen = tuple(float(limit) for limit in work.image.contrast_limits)
    fitting = [n for n, item in enumerate(work.windows) if np.allclose(item.window, seen)]
    return [item.name for item in work.windows], fitting[0] if fitting else -1


def neighbours(work: ImageWork, ref: SliceRef | None) -> tuple[str, int]:
    """Name of the object that most of the preview's overlap lies in, and the pixels of it."""
    shown = None if ref is None else work.session.previews.get(ref)
    if ref is None or shown is None:
        return "", 0
    current = work.session.current
    labels = np.take(work.session.labels, ref.index, axis=ref.axis)[shown.mask]
    counts = np.bincount(labels[(labels > 0) & (labels != (current.id if current else 0))])
    if not counts.size:
        return "", 0
    most = int(counts.argmax())
    return work.names().get(most, str(most)), int(counts.sum())
