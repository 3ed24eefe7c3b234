"""What a person paints into the labels layer with napari's own tools, taken over at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_samunet.plugin.touched import touched_slices
from napari_samunet.plugin.volumes import stored_data

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_samunet.session.session import Session
    from napari_samunet.types import UInt16Array


class HandEdits:
    """Brings strokes into a session, by its rule for overlaps, and says what became of them.

    Parameters
    ----------
    session : Session
    redraw : callable
        ``redraw(slices)`` shows the session's labels again on these slices along axis 0.
    """

    def __init__(self, session: Session, redraw: Callable[[list[int]], None]) -> None:
        self._session = session
        self._redraw = redraw
        self._layer: Labels | None = None
        self._painted: set[int] = set()  # slices along axis 0

    def follow(self, layer: Labels) -> None:
        """Take over what is painted into a layer from now on."""
        self.release()
        self._layer = layer
        layer.events.paint.connect(self._on_painted)

    def release(self) -> None:
        """Stop following."""
        if self._layer is not None:
            self._layer.events.paint.disconnect(self._on_painted)
            self._layer = None

    def take(self) -> None:
        """Take over what was painted since."""
        layer, painted, self._painted = self._layer, sorted(self._painted), set()
        if layer is None or not painted:
            return
        labels_zyx = stored_data(layer) if layer.ndim == 3 else layer.data[None]
        before, wanted = self._session.labels[painted], labels_zyx[painted]
        self._session.repaint(labels_zyx, painted, overlap=self._session.overlap)
        after = self._session.labels[painted]
        self._redraw(painted)  # what was painted over others may be theirs still
        self._session.notice.emit(self._outcome(before, wanted, after))

    def _on_painted(self, event: Any) -> None:
        self._painted |= touched_slices(event.source, event.value)
        QTimer.singleShot(0, self.take)  # napari tells it before it writes the voxels

    def _outcome(self, before: UInt16Array, wanted: UInt16Array, after: UInt16Array) -> str:
        """Say how many voxels each object got and lost, and how many could not be painted."""
        names = {item.id: f"'{item.name}'" for item in self._session.objects}
        changed = before != after
        each = [
            f"{names[number]} {sign}{count}"
            for sign, labels in (("+", after), ("−", before))  # noqa: RUF001 - a person reads it
            for number, count in enumerate(np.bincount(labels[changed]).tolist())
            if count and number
        ]
        kept = int(np.count_nonzero(wanted != after))
        said = f"Painted voxels: {', '.join(each)}." if each else "Nothing was painted."
        if kept:
            said += f" {kept} stay as they are: see Lock and Overlap."
        return said
