"""What a session took: time, prompts and edits of every object, for later reading."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from io import StringIO

from napari_samunet.io.names import table_cell
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import State

IDLE_S = 60.0
"""A longer pause than this counts as so much: the person was elsewhere."""
_BY_HAND, _TAKEN, _ACCEPTED = "paint labels", "suggestion", "accepted"
_KINDS = {
    "point": "clicks",
    "box": "boxes",
    "lasso": "lassos",
    "scribble": "scribbles",
    "paint": "painted",
    _BY_HAND: "painted",
    _TAKEN: "suggestions_taken",
    "move prompt": "prompts_moved",
    "remove prompt": "prompts_deleted",
    "candidate": "candidates_tried",
    "propagate": "propagations",
    "accept": _ACCEPTED,
    "discard": "discarded",
    "undo": "undone",
    "redo": "redone",
}


class Tally:
    """Counts actions and the time between them; what is undone was work too, and stays."""

    def __init__(self) -> None:
        self._counts: dict[int, Counter[str]] = {}
        self._seconds: Counter[int] = Counter()
        self._last: float | None = None

    def note(self, moment: float, action: str, before: State, after: State) -> None:
        """Count an action for the objects that it was done to; the time is that of the first one.

        Parameters
        ----------
        moment
            Unix time of it, in seconds.
        action
            The name of the step, or "undo" or "redo".
        before, after
            What it was done to, and what came of it.
        """
        object_ids = _touched(action, before, after)
        pause = 0.0 if self._last is None else max(0.0, moment - self._last)
        self._last = moment
        for object_id in object_ids[:1]:
            self._seconds[object_id] += min(pause, IDLE_S)  # type: ignore[assignment]
        if action in _KINDS:
            for object_id in object_ids:
                self._count(object_id, _KINDS[action])
        if action == _TAKEN and before.current and before.planes_of(before.current):
            self._count(before.current, _ACCEPTED)  # what was in preview till then

    def table(self, names: Mapping[int, str]) -> str:
        """Return a CSV table, one row an object; deleted objects have no name.

        Seconds are those between two actions, the pause before each action counting for its object,
        at most ``IDLE_S`` a pause.
        """
        text = StringIO()
        columns = ["label", "name", "seconds", *dict.fromkeys(_KINDS.values())]
        writer = csv.DictWriter(text, columns, restval=0, lineterminator="\n")
        writer.writeheader()
        for number in sorted(self._seconds.keys() | self._counts.keys() | names.keys()):
            row = {"label": number, "name": table_cell(names.get(number, ""))}
            seconds = f"{self._seconds[number]:.1f}"
            writer.writerow({**row, "seconds": seconds, **self._counts.get(number, {})})
        return text.getvalue()

    def _count(self, object_id: int, column: str) -> None:
        self._counts.setdefault(object_id, Counter())[column] += 1


def _touched(action: str, before: State, after: State) -> list[int]:
    """Ids of the objects that a step was done to: the current one, or those that a brush changed.

    The one that gained most comes first; what it was painted over lost as much.
    """
    if action != _BY_HAND:
        current = after.current or before.current or after.recent
        return [] if current is None else [current]
    old = {item.id: item for item in before.objects}
    gains = {
        item.id: _pixels(item) - (_pixels(old[item.id]) if item.id in old else 0)
        for item in after.objects
        if item is not old.get(item.id)
    }
    return sorted(gains, key=lambda number: -gains[number])


def _pixels(item: ObjectState) -> int:
    return sum(mask.pixels for mask in item.masks.values())
