"""Where a step changed something, if that is not on the slice that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_samunet.io.facing import plane_across
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_samunet.plugin.work import ImageWork


class Elsewhere:
    """Watches a session while a step is taken back or made again.

    Parameters
    ----------
    work : ImageWork
        Whose session it is.
    shown : SliceRef or None
        The slice that the person looks at.
    """

    def __init__(self, work: ImageWork, shown: SliceRef | None) -> None:
        self._work = work
        self._shown = shown
        self._before, self._seen = self._on_planes(), self._labels_shown()
        self._redrawn: list[tuple[int, ...]] = []  # slices along axis 0 whose labels changed
        work.session.labels_changed.connect(self._redrawn.append)

    def told(self) -> str:
        """Say which slices changed; "" where one sees it, or nothing is drawn of it at all."""
        self._work.session.labels_changed.disconnect(self._redrawn.append)
        after, before = self._on_planes(), self._before
        changed = {ref for ref in {*before, *after} if before.get(ref) != after.get(ref)}
        if self._shown in changed or not np.array_equal(self._seen, self._labels_shown()):
            return ""
        return self._named(changed or {SliceRef(0, z) for slices in self._redrawn for z in slices})

    def _on_planes(self) -> dict[SliceRef, list[object]]:
        """Prompts and previews of the current object, by plane."""
        session = self._work.session
        found: dict[SliceRef, list[object]] = {}
        for prompt in session.prompts:
            found.setdefault(prompt.ref, []).append(id(prompt))
        for ref, preview in session.previews.items():
            found.setdefault(ref, []).append(id(preview))
        return found

    def _labels_shown(self) -> np.ndarray:
        ref = self._shown
        labels = self._work.session.labels
        return np.zeros(0) if ref is None else np.take(labels, ref.index, axis=ref.axis)

    def _named(self, changed: Iterable[SliceRef]) -> str:
        refs = sorted(changed)
        if not refs:
            return ""
        axis = refs[-1].axis
        places = [ref.index + 1 for ref in refs if ref.axis == axis]
        which = f"slice {places[0]}" if len(places) == 1 else f"slices {places[0]} to {places[-1]}"
        if self._shown is not None and axis == self._shown.axis:
            return which
        return f"{which} of another plane ({plane_across(self._work.volume, axis)})"
