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

    from napari_samunet.plugin.background import Background
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.request import Request

_REST_MS = 100  # slices that are scrolled over are not encoded
_AHEAD = "ahead"


class EncodingAhead(QObject):
    """Encodes the slice on which the slider rests, then what is near, in the inference thread.

    First where the current object is to be expected on that slice and on the two beside it, for a
    model that looks closer there; then the slices around. One thing at a time, and never before a
    prompt: see `give_way`. Between two it pauses as long as the latest one took, so that a click
    seldom waits for one, and a laptop stays cool.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : SharedEngine
    inference : Background
        Also the parent.
    work : callable
        Gives the present `ImageWork`, or None where nothing is to be encoded.

    Attributes
    ----------
    beyond_shown : bool
        Whether more than the slice that is shown is encoded.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        engine: Any,
        inference: Background,
        work: Callable[[], ImageWork | None],
    ) -> None:
        super().__init__(inference)
        self.beyond_shown = True
        self._viewer = viewer
        self._engine = engine
        self._inference = inference
        self._work = work
        self._tour: tuple[object, ...] = ()
        self._done: set[int] = set()
        self._here: SliceRef | None = None
        self._emptied: tuple[ImageWork, SliceRef, Window] | None = None
        self._last = 0
        self._direction = 1
        self._room = 0
        self._near: list[int] = []
        self._rest = Rest(self, _REST_MS, self._begin)

    def soon(self) -> None:
        """Encode what is shown, unless something else is shown or asked in a moment."""
        self._here = None
        self._rest.start(_REST_MS)

    def give_way(self) -> None:
        """Forget what has not begun: somebody asks."""
        self._emptied = None
        self._rest.stop()
        self._inference.cancel(_AHEAD)

    def forget(self) -> None:
        """Nothing is encoded any more, nor is anything before somebody scrolls or asks."""
        self.give_way()
        self._done = set()
        self._emptied = self._place()

    def let_go(self, work: ImageWork) -> None:
        """Keep nothing of an image that is closed, so that its memory is free."""
        if work in self._tour:
            self._tour = ()
        if self._emptied is not None and work is self._emptied[0]:
            self._emptied = None

    def _place(self) -> tuple[ImageWork, SliceRef, Window] | None:
        """What is shown, and how; None where nothing is to be encoded."""
        work = self._work()
        if work is None:
            return None
        try:
            shown = shown_slice(self._viewer, work.image)
        except InputError:
            return None
        return work, shown, work.window

    def _begin(self) -> None:
        place = self._place()
        if place is None or place == self._emptied or self._inference.is_busy:
            return
        self._emptied = None
        work, shown, window = place
        ref = self._next_slice(work, shown)
        request = self._next_request(work, shown) if ref != shown and self.beyond_shown else None
        if request is not None:
            self._run(lambda: look_ahead(request, self._engine), lambda _seen: None)
        elif ref is not None:
            encode, volume = self._engine.embed, work.volume
            self._run(
                lambda: encode(volume, ref, window), lambda features: self._note(ref, features)
            )

    def _run(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do something that nobody waits for; the next may begin after a pause as long."""

        def timed() -> tuple[float, Any]:
            start = perf_counter()
            made = work()
            return perf_counter() - start, made

        def go_on(result: tuple[float, Any]) -> None:
            seconds, made = result
            then(made)
            if not self._rest.isActive():
                self._rest.start(int(1000 * seconds))

        self._inference.run(_AHEAD, timed, go_on, self._stop, quiet=True)

    def _next_request(self, work: ImageWork, shown: SliceRef) -> Request | None:
        """What a first click on the current object would ask, nearest slice first."""
        system = self._engine.system
        while system is not None and system.contract.zoom and self._near:
            index = self._near.pop(0)
            if 0 <= index < work.volume.shape[shown.axis]:
                request = work.session.foresee(index, shown.axis, work.window)
                if request is not None:
                    return request
        return None

    def _next_slice(self, work: ImageWork, shown: SliceRef) -> SliceRef | None:
        """The shown slice where it has not been looked at since the last rest, else a neighbour."""
        tour = (work, shown.axis, work.window, self._engine.system)
        if tour != self._tour:
            self._tour, self._done, self._last = tour, set(), shown.index
        if shown != self._here:
            self._direction = -1 if shown.index < self._last else 1
            self._here, self._last = shown, shown.index
            self._near = [shown.index + self._direction * step for step in (0, 1, -1)]
            return shown
        if not self.beyond_shown or len(self._done) >= self._room:
            return None
        count = work.volume.shape[shown.axis]
        order = outwards(shown.index, count, self._direction)
        index = next((index for index in order if index not in self._done), None)
        return None if index is None else SliceRef(shown.axis, index)

    def _note(self, ref: SliceRef, features: Any) -> None:
        """The features of a slice wait in the cache."""
        self._done.add(ref.index)
        self._room = self._engine.room_for(features)

    def _stop(self, _error: BaseException) -> None:
        """An error comes again with the click, and is told then."""


def look_ahead(request: Request, engine: Any) -> None:
    """Encode where the model looks at an object that is clicked for the first time on a slice."""
    region = request.region()
    if region is not None:
        engine.embed(request.volume, request.ref, request.window, region)
