"""Nothing is lost: a journal for every image, and the last session of an image offered again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import SamUNetError, reason_of
from napari_samunet.plugin.background import Background
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.shelf import Entry, Shelf
from napari_samunet.session.state import State
from napari_samunet.session.store import load_state
from napari_samunet.session.story import Story, is_journal, read_story

if TYPE_CHECKING:
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.types import SliceRef


logger = logging.getLogger(__name__)


_NONE = "No earlier session of this image is left to continue; `samunet resume` lists all."
_CUT_OFF = (
    "Your last session goes on. Its propagation was cut off: what it had found waits for Accept."
)
_HELD = "Another window works on this image; its session can be continued once that is closed."


@dataclass(eq=False)
class _Kept:
    identity: ImageIdentity
    journal: Journal
    offer: Entry | None = None
    looked: bool = False
    none: str = _NONE


class Keeping(QObject):
    """Writes what happens to each image, and gives an earlier session back on demand.

    The disk is read and written in threads of its own; a window never waits for it.

    Parameters
    ----------
    shelf : Shelf
        Where journals lie.
    parent : QObject

    Notes
    -----
    Signals: ``changed()`` when there is an offer or none any more, ``said(str)``,
    ``continued(work, ref)`` with the plane that was shown last, or None.
    """

    changed = Signal()
    said = Signal(str)
    continued = Signal(object, object)

    def __init__(self, shelf: Shelf, parent: QObject) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._disk = Background(self)
        self._kept: dict[ImageWork, _Kept] = {}
        self._disk.run("tidy", shelf.tidy, _done, _done, quiet=True)

    def begin(self, work: ImageWork) -> None:
        """Write what happens to an image from now on; look for its last session."""
        identity = ImageIdentity(work.volume)
        kept = _Kept(identity, self._new_journal(identity))
        self._kept[work] = kept
        work.session.keep_journal(kept.journal)
        work.session.history_changed.connect(lambda: self._tell_offer(work))
        self._look(work, kept)

    def end(self, work: ImageWork) -> None:
        """The image is gone or the window closes: what waits is written."""
        kept = self._kept.pop(work, None)
        if kept is not None:
            self._disk.cancel((work, "look"))
            kept.journal.close()

    def close(self) -> None:
        """Write everything that waits and end all threads."""
        for work in list(self._kept):
            self.end(work)
        self._disk.close()

    def offer_for(self, work: ImageWork | None) -> Entry | None:
        """Return the session of an image that can be continued now: before anything is done."""
        kept = None if work is None else self._kept.get(work)
        return None if work is None or kept is None or work.session.can_undo else kept.offer

    def problem_of(self, work: ImageWork | None) -> str:
        """Why nothing of an image is kept at the moment, for a person; "" where all is kept."""
        kept = None if work is None else self._kept.get(work)
        return "" if kept is None else kept.journal.problem

    def refuse(self, work: ImageWork) -> None:
        """Start afresh; the earlier session stays on the disk."""
        kept = self._kept.get(work)
        if kept is not None and kept.offer is not None:
            kept.offer = None
            self.changed.emit()

    def go_on(self, work: ImageWork) -> None:
        """Continue the session that is offered, or say why there is none."""
        kept = self._kept.get(work)
        if kept is not None and kept.none == _HELD:
            self._look(work, kept, lambda: self._go_on(work))  # that window may be closed by now
        else:
            self._go_on(work)

    def _go_on(self, work: ImageWork) -> None:
        kept, offer = self._kept.get(work), self.offer_for(work)
        if offer is not None:
            self.resume(work, offer.path)
        elif kept is not None and kept.offer is not None:
            self.said.emit("Undo what you began here first: your earlier session is offered then.")
        elif kept is not None and not kept.looked:
            self.said.emit("Your last session is still being looked for; ask again in a moment.")
        else:
            self.said.emit(_NONE if kept is None else kept.none)

    def resume(self, work: ImageWork, path: Path) -> None:
        """Continue a session of this image: a journal, or what ``Session.save`` wrote."""

        def read() -> Story | State:
            return read_story(path) if is_journal(path) else load_state(path, work.volume)[1]

        kept = self._kept.get(work)
        if kept is not None:
            kept.looked = True  # by the person; what looks still is replaced by the reading
        self._disk.run(
            (work, "look"),
            read,
            lambda found: self._take_up(work, found),
            lambda error: self.said.emit(f"The session cannot be continued: {error}"),
        )

    def note_position(self, work: ImageWork, ref: SliceRef) -> None:
        """Remember which plane is shown."""
        kept = self._kept.get(work)
        if kept is not None:
            kept.journal.note_position(ref)

    def _look(self, work: ImageWork, kept: _Kept, then: Callable[[], None] = lambda: None) -> None:
        """Look for the last session of an image."""

        def look() -> tuple[Entry | None, Entry | None, bool]:
            shelf, identity = self._shelf, kept.identity
            last = shelf.last(identity)
            held = last is None and shelf.is_worked_on(identity, kept.journal.path)
            return last, shelf.of_other_content(identity), held

        def found(result: tuple[Entry | None, Entry | None, bool]) -> None:
            self._found(work, *result)
            then()

        def failed(error: BaseException) -> None:
            self._not_found(work, error)
            then()

        self._disk.run((work, "look"), look, found, failed, quiet=True)

    def _found(
        self, work: ImageWork, last: Entry | None, other: Entry | None, held: bool = False
    ) -> None:
        kept = self._kept.get(work)
        if kept is None:
            return
        kept.offer, kept.looked = last, True
        kept.none = _HELD if held else _NONE
        if last is None and other is not None:
            self.said.emit(
                f"This file has changed since you worked on it ({other.when}). Its earlier session "
                "is kept, but belongs to other voxels and is not shown on these."
            )
        self.changed.emit()

    def _not_found(self, work: ImageWork, error: BaseException) -> None:
        self._found(work, None, None)
        if work in self._kept:
            self._kept[work].none = f"Earlier sessions could not be looked for: {reason_of(error)}"
            logger.warning(self._kept[work].none)

    def _take_up(self, work: ImageWork, found: Story | State) -> None:
        kept = self._kept.get(work)
        if kept is None:
            return
        try:
            if isinstance(found, Story):
                journal = self._new_journal(kept.identity)
                work.session.take_up(found, journal)
                kept.journal.end()  # what was begun here and taken back has a file of its own
                kept.journal = journal
            else:
                work.session.start_from(found)
        except SamUNetError as error:
            self.said.emit(str(error))
            return
        self.refuse(work)
        state = found.state if isinstance(found, Story) else found
        self.continued.emit(work, getattr(found, "position", None) or state.ref)
        if isinstance(found, Story) and found.gap:
            self.said.emit(found.gap)
        elif isinstance(found, Story) and found.found is not None:
            self.said.emit(_CUT_OFF)

    def _tell_offer(self, work: ImageWork) -> None:
        """The first step hides the offer, and taking it back shows it again."""
        kept = self._kept.get(work)
        if kept is not None and kept.offer is not None:
            self.changed.emit()

    def _new_journal(self, identity: ImageIdentity) -> Journal:
        return Journal(identity, self._shelf.new_path, self._warn)

    def _warn(self, text: str) -> None:
        logger.warning(text)  # the window may be closing
        with suppress(RuntimeError):  # or gone
            self.said.emit(text)


def _done(_result: object) -> None:
    """Nothing depends on it."""
