"""Choices among the parts of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_samunet.errors import ChoiceNeeded, InputError


def chosen_frame(
    path: Path, count: int, frame: int | None, what: str, names: Sequence[str] = ()
) -> int:
    """Which of ``count`` parts is meant, from 0.

    Parameters
    ----------
    path : Path
        For messages.
    count : int
    frame : int or None
        What a person chose; None will do where there is one part only.
    what : str
        What the parts are, e.g. "time points".
    names : sequence of str, optional
        One for each part, where a number alone does not tell which it is.

    Raises
    ------
    ChoiceNeeded
        If there are several and none was chosen.
    InputError
        If there is no such part.
    """
    if frame is None and count > 1:
        ends = f": {names[0]} … {names[-1]}" if names else ""
        told = [f": {name}" for name in names] or [""] * count
        raise ChoiceNeeded(
            f"{path} holds {count} {what}: choose one with frame=0 to frame={count - 1} "
            f"(--frame){ends}.",
            tuple(f"frame {n}{name}" for n, name in enumerate(told)),
        )
    if frame is not None and not 0 <= frame < count:
        raise InputError(f"{path} has no frame {frame}: it holds frames 0 to {count - 1}.")
    return frame or 0
