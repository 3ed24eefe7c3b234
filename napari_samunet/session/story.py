"""A journal read again: the state it ended with, and every step that led there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.session.delta import AnswerNumbers, DeltaReader
from napari_samunet.session.frames import (
    DAMAGE,
    MAGIC,
    Frame,
    Words,
    frame_offsets,
    read_frame,
    read_frames,
)
from napari_samunet.session.history import History
from napari_samunet.session.journal import FORMAT
from napari_samunet.session.record import is_image
from napari_samunet.session.state import State, bytes_of, settled_bytes
from napari_samunet.session.tally import Tally
from napari_samunet.types import SliceRef

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Story:
    """What a journal tells.

    Attributes
    ----------
    path
        The journal.
    image
        What its image was, for ``ImageIdentity.fits``.
    state, history
        As they were at the last frame that is whole and can be followed.
    found
        The state with what a propagation had found when it was cut off, or None.
    position
        The plane that was shown last, or None.
    numbers, end
        For a ``Journal`` that goes on.
    gap
        What a person is told where not everything could be followed, else an empty text.
    last_generation
        Number of the latest step that asked the model.
    tally
        Time, prompts and edits so far.
    """

    path: Path
    image: Words
    state: State
    history: History[State]
    found: State | None
    position: SliceRef | None
    numbers: AnswerNumbers
    end: int
    gap: str
    last_generation: int
    tally: Tally


def is_journal(path: Path) -> bool:
    """Whether a file begins as a journal does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_head(path: Path) -> Words | None:
    """Return what the image of a journal was; None where it is none, or damaged from its start."""
    try:
        with path.open("rb") as file:
            return _head(file)
    except OSError:
        return None


def read_story(path: Path) -> Story:
    """Read a journal up to its end, or up to where it is cut short or cannot be followed.

    Raises
    ------
    UnreadableFile
        It is no journal, or is damaged from its beginning.
    """
    try:
        with path.open("rb") as file:
            image = _head(file)
            if image is None:
                raise UnreadableFile(
                    f"A session's journal was wanted, but {path} is none, or its beginning is "
                    "damaged."
                )
            story = _Telling(path, image, file).tell()
    except (OSError, *DAMAGE) as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(f"{path} is a damaged journal ({error}).") from error
    if story.gap:
        logger.warning(story.gap)
    return story


def count_objects(path: Path) -> int:
    """Return how many objects a journal ends with, from its last step alone.

    0 where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            if _head(file) is None:
                return 0
            for offset in reversed(frame_offsets(file)):
                file.seek(offset)
                frame = read_frame(file)
                if frame is None or frame[0]["kind"] == "position":
                    continue
                return len(frame[0]["order"])
    except (OSError, *DAMAGE):
        pass
    return 0


def check_unused(history: History[State]) -> None:
    """Refuse to continue a session where one has begun.

    Raises
    ------
    InputError
        There is a step that could be taken back.
    """
    if history.can_undo:
        raise InputError(
            "A session is continued before anything is done: undo what you began, then ask again."
        )


class _Telling:
    """Goes through the frames of a journal."""

    def __init__(self, path: Path, image: Words, file: BinaryIO) -> None:
        self._path, self._image, self._file = path, image, file
        self._reader = DeltaReader(self._frame_at)
        self._state = State()
        # Not by bytes: a step must not be forgotten that the session still had and took back.
        self._history: History[State] = History()
        self._found: State | None = None
        self._position: SliceRef | None = None
        self._tally = Tally()

    def tell(self) -> Story:
        end = self._file.tell()
        for offset, frame in read_frames(self._file):
            after = self._file.tell()
            try:
                self._follow(offset, frame)
            except DAMAGE:
                break  # what came before it is whole
            self._file.seek(after)
            end = after
        self._history.weigh(bytes_of, settled_bytes)
        return Story(
            self._path,
            self._image,
            self._state,
            self._history,
            self._found,
            self._position,
            self._reader.numbers(),
            end,
            self._gap_after(end),
            self._reader.last_generation,
            self._tally,
        )

    def _follow(self, offset: int, frame: Frame) -> None:
        words, _arrays = frame
        kind, before, history = words["kind"], self._state, self._history
        if kind == "position":
            self._position = SliceRef(*words["ref"])
            return
        if kind == "found":
            self._found = self._reader.apply(before, offset, frame)
            return
        # All words are read before anything changes: what goes on knows only whole steps.
        name, moment = str(words["name"]), float(words["time"])
        if kind == "undo" and history.can_undo:
            after = history.undo(before)
        elif kind == "redo" and history.can_redo:
            after = history.redo(before)
        else:
            after = self._reader.apply(before, offset, frame)
            if kind == "step":
                history.record(name, before)
            elif kind != "move":
                self._history = History()  # it holds other steps than the one who worked did
        self._state, self._found = after, None
        if kind in ("step", "undo", "redo"):
            self._tally.note(moment, name or kind, before, after)

    def _gap_after(self, end: int) -> str:
        self._file.seek(end)
        if not self._file.read().strip(b"\0"):  # which a power loss leaves, and nobody's work
            return ""
        return (
            f"The last steps in {self._path} cannot be read and are missing here; the file stays "
            "as it is."
        )

    def _frame_at(self, offset: int) -> Frame:
        self._file.seek(offset)
        frame = read_frame(self._file)
        if frame is None:
            raise UnreadableFile(f"{self._path} changed while it was read.")
        return frame


def _head(file: BinaryIO) -> Words | None:
    if file.read(len(MAGIC)) != MAGIC:
        return None
    frame = read_frame(file)
    if frame is None or frame[0].get("format") != FORMAT:
        return None
    image = frame[0].get("image")
    return image if is_image(image) else None
