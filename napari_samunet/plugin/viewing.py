"""How the image and the masks are seen: windows, ghosts, what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.plugin.windowing import show_window

if TYPE_CHECKING:
    from napari_samunet.plugin.controller import Controller


class Viewing:
    """Actions that change nothing but the view.

    Parameters
    ----------
    controller : Controller
        Whose image is seen.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def use_window(self, number: int) -> None:
        """Show the image through the window of Shift and a digit."""
        work = self._controller.work
        if work is None or work.volume.color is not None or number >= len(work.windows):
            return
        chosen = work.windows[number]
        show_window(work.image, chosen.window)
        self._controller.say(f"Window: {chosen.name} ({chosen.shows}).")

    def toggle_ghost(self) -> None:
        """Show under the resting mouse what a click would give, or stop that."""
        hover = self._controller.hover
        hover.set_on(not hover.is_on)
        state = "on: rest the mouse on an object" if hover.is_on else "off"
        self._controller.say(f"Ghost contours are {state}.")

    def toggle_mask(self) -> None:
        """Hide or show preview, prompts and labels."""
        if self._controller.work is not None:
            self._controller.work.toggle()
            self._controller.notice = ""
            self._controller.changed.emit()
