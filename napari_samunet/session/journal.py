"""The journal: every step of a session on the disk a moment after it was made.

Steps are values, so the thread that asks only hands them over; another one turns them into frames,
appends these and waits until the disk has them. The file is private to its owner.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

from napari_samunet.errors import InputError
from napari_samunet.inference.worker import Worker
from napari_samunet.session.delta import AnswerNumbers, DeltaWriter
from napari_samunet.session.frames import MAGIC, Words, pack
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.lock import hold
from napari_samunet.session.state import State
from napari_samunet.types import AnyArray, SliceRef

FORMAT = "napari-samunet journal"
Kind = Literal["step", "move", "undo", "redo"]
_SYNC, _POSITION = "sync", "position"


class Journal:
    """Writes a session while it happens; the file begins with the first step.

    Parameters
    ----------
    identity
        The image.
    new_path
        ``new_path(identity)`` names a file that does not exist yet; asked in the journal's thread.
    on_problem
        ``on_problem(text)`` is told once, in the journal's thread, that nothing is written any
        more.
    """

    def __init__(
        self,
        identity: ImageIdentity,
        new_path: Callable[[ImageIdentity], Path],
        on_problem: Callable[[str], None] | None = None,
    ) -> None:
        self.path: Path | None = None
        self._identity = identity
        self._new_path = new_path
        self._numbers = AnswerNumbers()
        self._end: int | None = None
        self._on_problem = on_problem or (lambda text: None)
        self._worker = Worker("samunet journal", self._give_up)
        self._file: BinaryIO | None = None
        self._ended = False

    def go_on(self, path: Path, numbers: AnswerNumbers, end: int) -> None:
        """Continue a journal that was read instead of beginning one.

        Parameters
        ----------
        path
            The file.
        numbers, end
            The answers in it, and where its last whole frame ends.
        """
        self.path, self._numbers, self._end = path, numbers, end

    def record(
        self, kind: Kind, name: str, before: State, after: State, moment: float = 0.0
    ) -> None:
        """Hand over a step: made ("step"), not undoable ("move"), taken back or made again.

        ``moment`` is when, in Unix time.
        """
        words: Words = {"kind": kind, "name": name, "time": moment}
        self._later(object(), lambda: self._write_step(words, before, after))

    def note_position(self, ref: SliceRef) -> None:
        """Remember which plane is shown; only the latest counts."""
        if self._file is not None:  # looking around is no work yet
            words = {"kind": _POSITION, "ref": [ref.axis, ref.index]}
            self._later(_POSITION, lambda: self._write(words, {}))

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is on the disk; False when ``timeout`` seconds passed before."""
        return self._worker.wait(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits and end the thread; closing twice does nothing."""
        self._worker.wait(timeout)
        self._ended = True
        self._worker.close(timeout)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _later(self, key: object, work: Callable[[], None]) -> None:
        if not self._ended:
            self._worker.submit(work, _nothing, key)
            self._worker.submit(self._sync, _nothing, _SYNC)  # once for all that waits

    def _write_step(self, words: Words, before: State, after: State) -> None:
        writer = DeltaWriter(self._numbers)
        if words["kind"] in ("step", "move"):
            words |= writer.delta(before, after)
        self._write(words, writer.arrays)

    def _write(self, words: Words, arrays: dict[str, AnyArray]) -> None:
        if self._ended:
            return  # a frame after one that is torn would never be read
        if self._file is None:
            self._file = self._open()
        self._file.write(pack(words, arrays))

    def _sync(self) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def _open(self) -> BinaryIO:
        if self.path is not None and self._end is not None:
            return _open_again(self.path, self._end)
        self.path = self._new_path(self._identity)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Private from its first moment: it shows a patient.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        file = os.fdopen(descriptor, "r+b")
        hold(file)
        file.write(MAGIC + pack({"format": FORMAT, "image": self._identity.words()}, {}))
        return file

    def _give_up(self, error: BaseException) -> None:
        if not self._ended:
            self._ended = True
            reason = getattr(error, "strerror", None) or error
            self._on_problem(
                f"Your work is not being kept on the disk ({reason}): export it before you close."
            )


def _open_again(path: Path, end: int) -> BinaryIO:
    file = path.open("r+b")
    if not hold(file):
        file.close()
        raise InputError(f"{path} is open in another window: continue it there")
    file.truncate(end)  # what a power loss cut short
    file.seek(end)
    return file


def _nothing(_result: object) -> None:
    """Nobody waits for a step to be written."""
