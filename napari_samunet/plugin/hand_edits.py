"""What is written into the labels layer by other hands than ours becomes masks of the objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_samunet.errors import InputError
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
    find : callable
        Returns the labels layer, or None where it was deleted.
    redraw : callable
        ``redraw(slices)`` shows the session's labels again on these slices along axis 0, and on
        all where the layer got another array.

    Notes
    -----
    napari tells what its tools paint and when a layer gets another array, and both are taken over
    at once. Of who writes into the array that is there it tells nothing: `take` finds that. What
    hands labels out or reshapes objects looks everywhere, an undo only where it is about to draw.
    """

    def __init__(
        self,
        session: Session,
        find: Callable[[], Any],
        redraw: Callable[[list[int]], None],
    ) -> None:
        self._session = session
        self._find = find
        self._redraw = redraw
        self._layer: Labels | None = None
        self._touched: set[int] = set()  # slices along axis 0

    def follow(self, layer: Labels) -> None:
        """Take over what is written into a layer from now on."""
        self.release()
        self._layer = layer
        layer.events.paint.connect(self._on_painted)
        layer.events.data.connect(self._on_replaced)

    def release(self) -> None:
        """Stop following."""
        if self._layer is not None:
            self._layer.events.paint.disconnect(self._on_painted)
            self._layer.events.data.disconnect(self._on_replaced)
            self._layer = None

    def take(self, slices: Iterable[int] | None = None) -> None:
        """Take over all that the layer shows and the session does not know.

        Every voxel is looked at, which takes a tenth of a second for a large CT; where ``slices``
        along axis 0 are given, those alone, besides what napari told of.
        """
        shown, known = self._shown(), self._session.labels
        if shown is None:
            return
        if shown.shape == known.shape:
            places = range(len(known)) if slices is None else slices
            self._touched |= {z for z in places if not np.array_equal(shown[z], known[z])}
        else:
            self._touched = set(range(len(known)))
        self.take_touched()

    def take_touched(self) -> None:
        """Take over what napari told of: a stroke must not cost what a volume does."""
        shown, touched, self._touched = self._shown(), sorted(self._touched), set()
        if shown is None or not touched:
            return
        before = self._session.labels[touched]
        fits = shown.shape == self._session.labels.shape
        wanted = shown[touched] if fits else before
        try:  # of another grid the session says what is wrong with it
            self._session.repaint(shown, touched if fits else None, overlap=self._session.overlap)
        except InputError as error:
            said = f"The labels stay as they are. {error}"
        else:
            said = self._outcome(before, wanted, self._session.labels[touched])
        self._redraw(touched)  # what was painted over others may be theirs still
        self._session.notice.emit(said)

    def _take_array(self) -> None:
        """Take over an array that the layer got; our own comes back, which holds every number."""
        self.take()
        if self._shown() is not None:
            self._redraw([])

    def _shown(self) -> Any:
        """What the layer shows, (Z, Y, X) where it has our grid; None where it was deleted."""
        layer = self._layer
        if layer is None or layer is not self._find():
            return None
        array = np.asarray(stored_data(layer) if layer.ndim == 3 else layer.data)
        return array[None] if array.ndim == 2 else array

    def _on_painted(self, event: Any) -> None:
        self._touched |= touched_slices(event.source, event.value)
        QTimer.singleShot(0, self.take_touched)  # napari tells it before it writes the voxels

    def _on_replaced(self, _event: Any) -> None:
        self._touched |= set(range(len(self._session.labels)))  # who comes before takes it over
        QTimer.singleShot(0, self._take_array)  # napari is still at setting it

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
