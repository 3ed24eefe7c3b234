"""Suggestions: contours that nobody asked for, to be taken or refused one by one."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_samunet.plugin.fetching import reason_of
from napari_samunet.plugin.keys import KEYS

if TYPE_CHECKING:
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.types import SliceRef


class Ghosts(QObject):
    """Asks the model what there is on the shown slice, and shows it best first.

    Parameters
    ----------
    controller : Controller
        Whose image is looked at; also the parent.

    Attributes
    ----------
    running : bool

    Notes
    -----
    Signals: ``changed()``.
    """

    changed = Signal()

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self.running = False
        self._act = controller
        self._stop = Event()
        self._work: ImageWork | None = None
        self._ref: SliceRef | None = None
        self._left: list[Any] = []

    @property
    def shown(self) -> int:
        """How many suggestions are left to be taken or refused on the shown slice."""
        here = self._work is self._act.work and self._ref == self._act.shown_ref()
        return len(self._left) if here else 0

    def suggest(self) -> None:
        """Look for objects on the shown slice; pressed again while it looks, it stops."""
        work, ref = self._act.work, self._act.shown_ref()
        if self.running:
            self._stop.set()
            return
        if work is None or ref is None or self._act.waiting:
            return
        self.clear()
        self.running = True
        self._stop = stop = Event()
        window = work.window
        self._act.run_beside(
            (work, "suggest"),
            lambda: work.session.suggest(
                ref.index, ref.axis, window, go_on=lambda: not stop.is_set()
            ),
            lambda found: self._show(work, ref, list(found)),
            self._fail,
        )
        self._act.say("Looking for objects on this slice…")
        self.changed.emit()

    def take(self) -> None:
        """Make the brightest suggestion the preview of a new object."""
        chosen, ref = self._left.pop(0), self._ref
        session = self._work.session
        if session.current is not None and (session.current.voxels or session.previews):
            session.new_object()
        session.paint(chosen.mask, index=ref.index, axis=ref.axis)
        self._draw()

    def refuse(self) -> None:
        """Go on to the next suggestion."""
        self._left.pop(0)
        self._draw()

    def clear(self) -> None:
        """Take all suggestions away."""
        self._left = []
        self._draw()

    def _show(self, work: ImageWork, ref: SliceRef, found: list[Any]) -> None:
        self.running = False
        self._work, self._ref, self._left = work, ref, found
        if found:
            keys = f"take [{KEYS['accept'].shown}], refuse [{KEYS['discard'].shown}]"
            self._act.say(f"{len(found)} suggestions, the brightest first: {keys}.")
        else:
            self._act.say("Nothing was found on this slice that is not segmented yet.")
        self._draw()

    def _draw(self) -> None:
        if self._work is not None and self._ref is not None:
            masks = tuple(item.mask for item in self._left)
            self._work.shown.show_ghosts({self._ref: masks} if masks else {})
        self.changed.emit()

    def _fail(self, error: BaseException) -> None:
        self.running = False
        self._act.say(f"No suggestions. {reason_of(error)}")
        self.changed.emit()
