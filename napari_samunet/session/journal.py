"""The journal: every step of a session on the disk a moment after it was made.

Steps are values, so the thread that asks only hands them over; another one turns them into frames,
appends these and waits until the disk has them. What the disk refuses waits in memory until it
takes it, or the session ends. The file is private to its owner.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Literal

from napari_samunet.inference.worker import Worker
from napari_samunet.session.delta import AnswerNumbers, DeltaWriter
from napari_samunet.session.frames import MAGIC, Words, pack
from napari_samunet.session.growing_file import GrowingFile
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.state import State
from napari_samunet.types import AnyArray, SliceRef

logger = logging.getLogger(__name__)

FORMAT = "napari-samunet journal"
RETRY_S = 5.0
"""What a disk refused is put to it again after so long, and with every step."""
PATIENCE_S = 20.0
"""A disk that took nothing for so long while a window closes is not waited for any more."""
Kind = Literal["step", "move", "undo", "redo"]
_SYNC, _POSITION, _FOUND = "sync", "position", "found"


class Journal:
    """Writes a session while it happens; the file begins with the first step.

    Parameters
    ----------
    identity
        The image.
    new_path
        ``new_path(identity)`` names a file that does not exist yet; asked in the journal's thread.
    on_problem
        ``on_problem(text)`` is told, mostly in the journal's thread, that nothing is written any
        more or is again, that the disk is too slow, or that the session goes on in another file.

    Attributes
    ----------
    path
        The file; None before the first step.
    problem
        Why nothing is written at the moment, for a person; "" where all is on the disk.
    """

    def __init__(
        self,
        identity: ImageIdentity,
        new_path: Callable[[ImageIdentity], Path],
        on_problem: Callable[[str], None] | None = None,
    ) -> None:
        self.path: Path | None = None
        self.problem = ""
        self._identity = identity
        self._new_path = new_path
        self._numbers = AnswerNumbers()
        self._end: int | None = None
        self._on_problem = on_problem or logger.warning
        self._worker = Worker("samunet journal", self._give_up)
        self._file: GrowingFile | None = None
        self._unwritten = b""
        self._retry: Timer | None = None
        self._failed = False
        self._closed = False
        self._taken = 0

    def go_on(self, path: Path, numbers: AnswerNumbers, end: int) -> None:
        """Continue a journal that was read instead of beginning one.

        Where it holds more than that, because another window went on with it or its end cannot be
        read, a copy of what was read is continued: nothing that was written is lost.

        Parameters
        ----------
        path
            The file.
        numbers, end
            The answers in it, and where its last whole frame ends.
        """
        self.path, self._numbers, self._end = path, numbers, end

    def record(self, kind: Kind, name: str, before: State, after: State, moment: float) -> None:
        """Hand over a step: made ("step"), not undoable ("move"), taken back or made again.

        ``moment`` is when, in Unix time.
        """
        words: Words = {"kind": kind, "name": name, "time": moment}
        self._later(object(), lambda: self._write_step(words, before, after))

    def note_found(self, before: State, after: Callable[[], State]) -> None:
        """Hand over what a propagation that still runs would make of a state if it ended now.

        It counts where the journal ends with it, and no more once any step follows. ``after`` is
        asked in the journal's thread: with many slices it takes a while.
        """
        words: Words = {"kind": _FOUND}
        self._later(_FOUND, lambda: self._write_step(words, before, after()))

    def note_position(self, ref: SliceRef) -> None:
        """Remember which plane is shown; only the latest counts."""
        if self._file is not None:  # looking around is no work yet
            words = {"kind": _POSITION, "ref": [ref.axis, ref.index]}
            self._later(_POSITION, lambda: self._write(words, {}))

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is on the disk; False when ``timeout`` seconds passed before."""
        return self._worker.wait(timeout)

    def end(self) -> None:
        """Take no more steps; the thread writes what waits, closes the file and ends."""
        if not self._closed:
            self._closed = True
            self._worker.submit(self._finish, self._note_taken, object())

    def close(self, timeout: float = PATIENCE_S) -> None:
        """End, and wait for it as long as the disk takes one step after the other.

        After ``timeout`` seconds in which it took none, ``on_problem`` is told; the thread goes on
        until it is done or the program ends. Closing twice does nothing.
        """
        self.end()
        taken = self._taken
        while not self._worker.wait(timeout):
            if self._taken == taken:
                self._on_problem(
                    "The disk is too slow: your last steps may not be kept. Look what is there "
                    "when you open this image again."
                )
                return
            taken = self._taken

    def _later(self, key: object, work: Callable[[], None]) -> None:
        if not self._closed and not self._failed:
            self._worker.submit(work, self._note_taken, key)
            self._sync_soon()

    def _sync_soon(self) -> None:
        """Bring to the disk all that waits, once for all of it."""
        if not self._closed:
            with suppress(RuntimeError):  # it may end just now
                self._worker.submit(self._sync, self._note_taken, _SYNC)

    def _note_taken(self, _result: object) -> None:
        self._taken += 1

    def _write_step(self, words: Words, before: State, after: State) -> None:
        writer = DeltaWriter(self._numbers)
        # With an undo, too: whoever reads it may have forgotten the step that it takes back.
        words |= writer.delta(before, after)
        self._write(words, writer.arrays)

    def _write(self, words: Words, arrays: dict[str, AnyArray]) -> None:
        if not self._failed:  # a frame after one that is missing could not be followed
            self._unwritten += pack(words, arrays)

    def _sync(self) -> None:
        try:
            self._append()
        except OSError as error:
            self._tell(error)
            self._try_again_later()
        else:
            if self.problem and not self._failed:
                self.problem = ""
                self._on_problem("Your work is kept on the disk again, all of it.")

    def _append(self) -> None:
        if self._file is not None and not self._file.is_there:
            lost, self._file = self._file, self._created(self._file.content())
            lost.close()
            self._on_problem(
                "The file that keeps your work was deleted or moved; it is kept in a new one."
            )
        if self._unwritten:
            self._file = self._file or self._open()
            self._file.append(self._unwritten)
            self._unwritten = b""

    def _try_again_later(self) -> None:
        if self._retry is None:
            self._retry = Timer(RETRY_S, self._try_again)
            self._retry.daemon = True
            self._retry.start()

    def _try_again(self) -> None:
        self._retry = None  # before it is tried: where it fails again, it needs another one
        self._sync_soon()

    def _open(self) -> GrowingFile:
        if self.path is not None and self._end is not None:
            return GrowingFile.open_again(self.path, self._end) or self._copied(
                self.path, self._end
            )
        return self._created(MAGIC + pack({"format": FORMAT, "image": self._identity.words()}, {}))

    def _copied(self, path: Path, end: int) -> GrowingFile:
        with path.open("rb") as file:
            copy = self._created(file.read(end))
        self._on_problem(
            "Another window went on with this session, or its end cannot be read: from here on "
            "your work is kept as a session of its own."
        )
        return copy

    def _created(self, content: bytes) -> GrowingFile:
        made = GrowingFile.create(self._new_path(self._identity), content)
        self.path = made.path
        return made

    def _finish(self) -> None:
        try:
            self._append()
        except OSError as error:
            self._on_problem(f"Your last steps are not on the disk ({_reason(error)}).")
        finally:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._worker.close()

    def _give_up(self, error: BaseException) -> None:
        self._failed = True
        self._tell(error)

    def _tell(self, error: BaseException) -> None:
        text = (
            f"Your work is not being kept on the disk ({_reason(error)}): export it before you "
            "close."
        )
        if text != self.problem:
            self.problem = text
            self._on_problem(text)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
