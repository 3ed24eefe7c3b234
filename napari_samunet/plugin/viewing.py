"""How the image and the masks are seen: windows, ghosts, what is hidden."""

from __future__ import annotations

from napari_samunet.plugin.choice import ImageChoice
from napari_samunet.plugin.hover import Hover
from napari_samunet.plugin.windowing import show_window


class Viewing:
    """Actions that change nothing but the view.

    Parameters
    ----------
    choice : ImageChoice
        Whose image is seen.
    hover : Hover
        Shows ghosts.
    """

    def __init__(self, choice: ImageChoice, hover: Hover) -> None:
        self._choice, self._hover = choice, hover

    def use_window(self, number: int) -> None:
        """Show the image through the window of Shift and a digit."""
        work = self._choice.work
        if work is None or work.volume.color is not None or number >= len(work.windows):
            return
        chosen = work.windows[number]
        show_window(work.image, chosen.window)
        self._choice.say(f"Window: {chosen.name} ({chosen.shows}).")

    def toggle_ghost(self) -> None:
        """Show under the resting mouse what a click would give, or stop that."""
        hover = self._hover
        hover.set_on(not hover.is_on)
        state = "on: rest the mouse on an object" if hover.is_on else "off"
        self._choice.say(f"Ghost contours are {state}.")

    def toggle_mask(self) -> None:
        """Hide or show preview, prompts and labels."""
        if self._choice.work is not None:
            self._choice.work.toggle()
            self._choice.notice = ""
            self._choice.changed.emit()
