"""The state of the work in the words and values that the panels show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.plugin.advice import Situation
from napari_samunet.plugin.panels.objects import ObjectRow
from napari_samunet.plugin.work import bright, ref_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.session import Session


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
    shown = session.previews.get(ref)
    return Situation(
        flat=flat,
        inside=ref is not None,
        ready=ready,
        waiting=controller.waiting,
        tool=tool,
        empty=shown is not None and not shown.mask.any(),
        shown=shown is not None,
        score=None if shown is None else shown.score,
        candidate=1 if shown is None else shown.rank + 1,
        candidates=1 if shown is None else len(shown.candidates),
        current="" if current is None else current.name,
        accepted=current is not None and bool(current.slices),
    )


def about_image(work: ImageWork, viewer: ViewerModel) -> str:
    """Size, spacing and place, e.g. "256 × 256 × 40, 1.4 × 1.4 × 5 mm, slice 12 of 40"."""
    size = _TIMES.join(str(n) for n in work.volume.shape[::-1])
    spacing = _TIMES.join(f"{mm:.3g}" for mm in work.volume.spacing[::-1])
    ref = ref_of(work, viewer)
    place = "" if ref is None else f"Slice {ref.index + 1} of {work.volume.shape[ref.axis]}"
    return f"{size}, {spacing} mm\n{place}"


def rows_of(session: Session) -> list[ObjectRow]:
    """One row an object, with its volume."""
    millilitres = float(session.volume.spacing.prod()) / 1000
    return [
        ObjectRow(
            item.id,
            item.name,
            bright(item.color),
            f"Label {item.id}, {len(item.slices)} slices, {item.voxels * millilitres:.1f} ml",
        )
        for item in session.objects
    ]
