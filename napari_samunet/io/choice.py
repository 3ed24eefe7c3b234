"""Choices among the parts of a file, and the sorting of parts that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from napari_samunet.errors import ChoiceNeeded, InputError

Part = TypeVar("Part")


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


def grouped(parts: Iterable[Part], fits: Callable[[list[Part], Part], bool]) -> list[list[Part]]:
    """Put each part into the first group that it fits, else into a new one."""
    groups: list[list[Part]] = []
    for part in parts:
        group = next((group for group in groups if fits(group, part)), None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return groups
