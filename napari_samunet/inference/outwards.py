"""In which order slices are encoded that nobody has asked for yet."""

from __future__ import annotations

from collections.abc import Iterator

AHEAD, BEHIND = 1, 2
"""How much a slice's distance counts: of three slices, two lie in the direction of scrolling."""


def outwards(here: int, count: int, direction: int = 1) -> Iterator[int]:
    """Yield all indices of ``count`` slices: the shown one, then its neighbours, nearest first.

    Parameters
    ----------
    here
        The shown slice.
    count
        Of all slices.
    direction
        1 where a person scrolls towards the last slice, -1 towards the first.
    """

    def cost(index: int) -> tuple[int, bool]:
        away = (index - here) * direction
        return (AHEAD * away, False) if away >= 0 else (-BEHIND * away, True)

    yield from sorted(range(count), key=cost)
