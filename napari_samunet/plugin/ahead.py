"""Encoding ahead: slices are encoded while nobody waits, so that a click finds them ready."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_samunet.errors import InputError
from napari_samunet.inference.outwards import outwards
from napari_samunet.plugin.coordinates import shown_slice
from napari_samunet.plugin.rest import Rest
from napari_samunet.types import SliceRef, Window

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.bridge import InferenceBridge
    from napari_samunet.plugin.work import ImageWork

_REST_MS = 100  # slices that are scrolled over are not encoded
_AHEAD = "ahead"


class EncodingAhead(QObject):
    """Encodes the slice on which the slider rests, then its neighbours, in the inference thread.

    One slice at a time, and never before a prompt: see `give_way`. Between neighbours it pauses as
    long as the latest one took, so that a click seldom waits for one, and a laptop stays cool.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : SharedEngine
    bridge : InferenceBridge
        Also the parent.
    work : callable
        Gives the present `ImageWork`, or None where nothing is to be encoded.

    Attributes
    ----------
    idle : bool
        Whether neighbours are encoded too.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        engine: Any,
        bridge: InferenceBridge,
        work: Callable[[], ImageWork | None],
    ) -> None:
        super().__init__(bridge)
        self.idle = True
        self._viewer = viewer
        self._engine = engine
        self._bridge = bridge
        self._work = work
        self._tour: tuple[object, ...] = ()
        self._done: set[int] = set()
        self._here: SliceRef | None = None
        self._emptied: tuple[ImageWork, SliceRef, Window] | None = None
        self._last = 0
        self._direction = 1
        self._room = 0
        self._rest = Rest(self, _REST_MS, self._begin)

    def soon(self) -> None:
        """Encode what is shown, unless something else is shown or asked in a moment."""
        self._here = None
        self._rest.start(_REST_MS)

    def give_way(self) -> None:
        """Forget what has not begun: somebody asks."""
        self._emptied = None
        self._rest.stop()
        self._bridge.cancel(_AHEAD)

    def forget(self) -> None:
        """Nothing is encoded any more, nor is anything before somebody scrolls or asks."""
        self.give_way()
        self._done = set()
        self._emptied = self._place()

    def _place(self) -> tuple[ImageWork, SliceRef, Window] | None:
        """What is shown, and how; None where nothing is to be encoded."""
        work = self._work()
        if work is None:
            return None
        try:
            shown = shown_slice(work.image, self._viewer.layers, self._viewer.dims)
        except InputError:
            return None
        return work, shown, work.window

    def _begin(self) -> None:
        place = self._place()
        if place is None or place == self._emptied or self._bridge.is_busy:
            return
        self._emptied = None
        work, shown, window = place
        ref = self._next(work, shown)
        if ref is None:
            return
        encode, volume = self._engine.embed, work.volume

        def timed() -> tuple[float, Any]:
            start = perf_counter()
            features = encode(volume, ref, window)
            return perf_counter() - start, features

        self._bridge.run(
            _AHEAD, timed, lambda result: self._go_on(ref, *result), self._stop, quiet=True
        )

    def _next(self, work: ImageWork, shown: SliceRef) -> SliceRef | None:
        """The shown slice where it has not been looked at since the last rest, else a neighbour."""
        tour = (work, shown.axis, work.window, self._engine.system)
        if tour != self._tour:
            self._tour, self._done, self._last = tour, set(), shown.index
        if shown != self._here:
            self._direction = -1 if shown.index < self._last else 1
            self._here, self._last = shown, shown.index
            return shown
        if not self.idle or len(self._done) >= self._room:
            return None
        count = work.volume.shape[shown.axis]
        order = outwards(shown.index, count, self._direction)
        index = next((index for index in order if index not in self._done), None)
        return None if index is None else SliceRef(shown.axis, index)

    def _go_on(self, ref: SliceRef, seconds: float, features: Any) -> None:
        """The features wait in the cache; the next slice may begin after a pause."""
        self._done.add(ref.index)
        self._room = self._engine.room_for(features)
        if not self._rest.isActive():
            self._rest.start(int(1000 * seconds))

    def _stop(self, _error: BaseException) -> None:
        """An error comes again with the click, and is told then."""
