"""The state of the work, brought into the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.io.facing import facing_axis
from napari_samunet.plugin.advice import next_step
from napari_samunet.plugin.alignment import turned
from napari_samunet.plugin.summary import about_image, rows_of, situation, windows_titles

if TYPE_CHECKING:
    from napari_samunet.plugin.advice import Situation
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.widget import SegmentationWidget
    from napari_samunet.plugin.work import ImageWork


def show_state(panels: SegmentationWidget, act: Controller) -> None:
    """Bring everything that a person sees beside the image up to date."""
    now = situation(act)
    told = act.notice or act.problem or next_step(now)
    unkept = act.keeping.problem_of(act.work)  # it stays so until the disk takes it
    panels.status.set_text(told if unkept in told else f"{told} {unkept}")
    offer = act.keeping.offer_for(act.work)
    panels.last_session.set_offer("" if offer is None else offer.about)
    _show_image(panels, act)
    panels.model.show_model(act.models.view())
    panels.model.set_summary(act.engine.device_line() if act.model_ready else "loading…")
    if panels.memory.is_open:
        panels.memory.show_memory(act.memory.view())
    panels.prompts.set_tool(act.prompting.tool)
    panels.prompts.set_enabled(act.work is not None)
    panels.prompts.set_looking(act.hover.is_on, act.suggestions.running)
    panels.objects.set_score(now.score, now.kind)
    panels.objects.set_overlap(act.grouping.overlap)
    if act.work is None:
        _show_nothing(panels)
    else:
        _show_session(panels, act, act.work, now)
        panels.export.set_image(act.work.image.name)


def _show_image(panels: SegmentationWidget, act: Controller) -> None:
    work = act.work
    chosen = None if work is None else work.image
    panels.image.set_images([(layer, layer.name) for layer in act.images], chosen)
    panels.image.set_windows(*windows_titles(work))
    panels.image.set_about("" if work is None else about_image(work, act.viewer))
    askew = [] if work is None else turned(work.volume, act.viewer.layers)
    panels.image.set_askew([layer.name for layer in askew])


def _show_nothing(panels: SegmentationWidget) -> None:
    panels.prompts.set_steps("", "", False)
    panels.objects.set_objects([], None)
    panels.objects.set_enabled(False, False)
    panels.slices.set_enabled(False, 0)
    panels.export.set_enabled(False, image=False)


def _show_session(
    panels: SegmentationWidget, act: Controller, work: ImageWork, now: Situation
) -> None:
    session = work.session
    shown, current = bool(session.previews), session.current
    to_take = shown or bool(act.suggestions.shown)
    undo = session.undo_name or now.carried
    panels.prompts.set_steps(undo, session.redo_name, to_take or bool(now.carried))
    ref, through = act.shown_ref(), act.through
    axis = facing_axis(session.volume) if ref is None else ref.axis
    panels.objects.set_objects(rows_of(work, axis), None if current is None else current.id)
    takes = (to_take and not now.waiting) or bool(now.carried) or now.doubtful
    panels.objects.set_enabled(takes, shown or now.accepted)
    panels.export.set_enabled(any(item.slices for item in session.objects))
    if ref is not None:
        panels.slices.set_slices(session, ref.axis, session.volume.shape[ref.axis])
    panels.slices.set_running(through.running, through.done, through.total)
    there = current is not None and bool(shown or current.slices)
    further = ref is not None and not now.single
    panels.slices.set_enabled(further and there, len(session.doubts))
