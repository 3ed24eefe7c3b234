"""What a session took: time, prompts and edits of every object, for later reading."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from io import StringIO

from napari_samunet.io.names import table_cell

IDLE_S = 60.0
"""A longer pause than this counts as so much: the person was elsewhere."""
_KINDS = {
    "point": "clicks",
    "box": "boxes",
    "lasso": "lassos",
    "scribble": "scribbles",
    "paint": "painted",
    "suggestion": "suggestions_taken",
    "move prompt": "prompts_moved",
    "remove prompt": "prompts_deleted",
    "candidate": "candidates_tried",
    "propagate": "propagations",
    "accept": "accepted",
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

    def note(self, moment: float, action: str, object_id: int | None) -> None:
        """Count an action.

        Parameters
        ----------
        moment
            Unix time of it, in seconds.
        action
            The name of the step, or "undo" or "redo".
        object_id
            Of the object that it was done to, or None.
        """
        pause = 0.0 if self._last is None else max(0.0, moment - self._last)
        self._last = moment
        if object_id is None:
            return
        self._seconds[object_id] += min(pause, IDLE_S)  # type: ignore[assignment]
        if action in _KINDS:
            self._counts.setdefault(object_id, Counter())[_KINDS[action]] += 1

    def table(self, names: Mapping[int, str]) -> str:
        """Return a CSV table, one row an object; deleted objects have no name.

        Seconds are those between two actions, the pause before each action counting for its object,
        at most ``IDLE_S`` a pause.
        """
        text = StringIO()
        columns = ["label", "name", "seconds", *_KINDS.values()]
        writer = csv.DictWriter(text, columns, restval=0, lineterminator="\n")
        writer.writeheader()
        for number in sorted(self._seconds.keys() | self._counts.keys() | names.keys()):
            row = {"label": number, "name": table_cell(names.get(number, ""))}
            seconds = f"{self._seconds[number]:.1f}"
            writer.writerow({**row, "seconds": seconds, **self._counts.get(number, {})})
        return text.getvalue()
