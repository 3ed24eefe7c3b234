"""Undo and redo over values that never change, so that a step back is exact by construction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

Value = TypeVar("Value")
Weight: TypeAlias = Callable[[Value], int]

MIN_STEPS = 100
MAX_STEPS = 300
# A step holds the logits of the model frame, mostly 0.1 to 1 MB; masks are packed.
MAX_BYTES = 512 * 2**20


def _nothing(_value: object) -> int:
    return 0


class History(Generic[Value]):
    """The values before and after the present one.

    Parameters
    ----------
    size_of
        Bytes that a value keeps alive beyond what its neighbours share. Past ``MAX_BYTES`` the
        oldest are forgotten, but never the latest ``MIN_STEPS``.
    held_by
        Bytes that a value keeps alive for good, which leave so much less to the steps.
    """

    def __init__(
        self, size_of: Weight[Value] = _nothing, held_by: Weight[Value] = _nothing
    ) -> None:
        self.weigh(size_of, held_by)
        self._past: list[tuple[str, Value]] = []
        self._future: list[tuple[str, Value]] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back and none was made since."""
        return bool(self._future)

    @property
    def undo_name(self) -> str:
        """What the next undo takes back, e.g. "accept", or an empty text."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_name(self) -> str:
        """What the next redo makes again, or an empty text."""
        return self._future[-1][0] if self._future else ""

    @property
    def beside(self) -> tuple[Value, ...]:
        """The values that an undo and a redo would return, as far as there are."""
        return tuple(steps[-1][1] for steps in (self._past, self._future) if steps)

    def __len__(self) -> int:
        return len(self._past)

    def weigh(self, size_of: Weight[Value], held_by: Weight[Value] = _nothing) -> None:
        """Forget by bytes from the next step on; see above."""
        self._size_of, self._held_by = size_of, held_by

    def record(self, name: str, before: Value) -> None:
        """Remember the value that a step called ``name`` started from; what was undone is gone."""
        self._past.append((name, before))
        self._future.clear()
        self._forget()

    def undo(self, present: Value) -> Value:
        """Return the value before the latest step; ``present`` can be redone.

        Raises
        ------
        IndexError
            There is no step to take back; ask ``can_undo`` first.
        """
        name, before = self._past.pop()
        self._future.append((name, present))
        return before

    def redo(self, present: Value) -> Value:
        """Return the value after the step that was undone last.

        Raises
        ------
        IndexError
            There is none; ask ``can_redo`` first.
        """
        name, after = self._future.pop()
        self._past.append((name, present))
        return after

    def _forget(self) -> None:
        del self._past[:-MAX_STEPS]
        spare = len(self._past) - MIN_STEPS
        if spare <= 0:
            return
        excess = sum(self._size_of(value) for _, value in self._past) - MAX_BYTES
        excess += self._held_by(self._past[-1][1])
        dropped = 0
        while excess > 0 and dropped < spare:
            excess -= self._size_of(self._past[dropped][1])
            dropped += 1
        del self._past[:dropped]
