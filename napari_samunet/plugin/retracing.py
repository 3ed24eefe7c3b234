"""A step back, or once more: in the window that also is the end of what still runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_samunet.plugin.elsewhere import Elsewhere

if TYPE_CHECKING:
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork


def take_back(controller: Controller) -> None:
    """Drop what waits for an answer, else what is carried on, and only else take a step back."""
    waits = controller.asking.drop_waiting()
    if controller.through.carries(controller.work) and not waits:
        controller.through.drop()  # of the object as it is: without a step of it it would be lost
        return
    if work := controller.work:
        work.take_hand_edits(work.session.retraced())
        step, before = work.session.undo_name, work.session.prompts
        _go(controller, work, lambda session: waits or session.undo(), "Undone")
        controller.suggestions.follow(step, False, before, work.session.prompts)


def make_again(controller: Controller) -> None:
    """Make the step again that was taken back last."""
    if work := controller.work:
        work.take_hand_edits(work.session.retraced())
        step, before = work.session.redo_name, work.session.prompts
        _go(controller, work, lambda session: session.redo(), "Made again")
        controller.suggestions.follow(step, True, work.session.prompts, before)


def _go(controller: Controller, work: ImageWork, action: Callable[[Any], Any], done: str) -> None:
    """Go along the history; where nobody looks, say the place."""
    watch = Elsewhere(work, controller.shown_ref())
    controller.act(lambda: action(work.session))
    if where := watch.told():
        controller.say(f"{done} on {where}.")
