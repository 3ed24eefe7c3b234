"""The ghost: what a click would give, drawn as a contour under the resting mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_samunet.errors import InputError
from napari_samunet.plugin.coordinates import locate
from napari_samunet.plugin.rest import Rest

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.background import Background
    from napari_samunet.plugin.work import ImageWork

_REST_MS = 120  # a mouse that moves on asks nothing
_GHOST = "ghost"


class Hover(QObject):
    """Asks the model about the place under the mouse while nobody waits for anything.

    At most one question waits and it never waits before a prompt, see `give_way`.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : SharedEngine
    inference : Background
        Also the parent.
    work : callable
        Gives the present `ImageWork`, or None where no ghost is wanted.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        engine: Any,
        inference: Background,
        work: Callable[[], ImageWork | None],
    ) -> None:
        super().__init__(inference)
        self.is_on = False
        self._viewer = viewer
        self._engine = engine
        self._inference = inference
        self._work = work
        self._drawn: ImageWork | None = None
        self._rest = Rest(self, _REST_MS, self._ask)
        viewer.mouse_move_callbacks.append(self._on_move)

    def set_on(self, on: bool) -> None:
        """Show ghosts from now on, or none."""
        self.is_on = on
        self.give_way()

    def give_way(self) -> None:
        """Forget the ghost: somebody clicks, or looks elsewhere."""
        self._rest.stop()
        self._inference.cancel(_GHOST)
        if self._drawn is not None:
            self._drawn.shown.show_ghost({})
            self._drawn = None

    def detach(self) -> None:
        """Let go of the viewer."""
        self.set_on(False)
        if self._on_move in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._on_move)

    def _on_move(self, _viewer: object, _event: object) -> None:
        if self.is_on:
            self.give_way()
            self._rest.start()

    def _ask(self) -> None:
        work = self._work()
        if work is None or not work.image.visible or self._inference.is_busy:
            return
        try:
            spot = locate(self._viewer, work.image, self._viewer.cursor.position)
            place, ref = (spot.row, spot.col), spot.ref
            request = work.session.imagine(place, ref.index, ref.axis, work.window)
        except InputError:
            return
        self._inference.run(
            _GHOST,
            lambda: request.answer(self._engine),
            lambda answer: self._draw(work, request, answer),
            lambda _error: None,  # it comes again with the click, and is told then
            quiet=True,
        )

    def _draw(self, work: ImageWork, request: Any, answer: Any) -> None:
        if self.is_on and work is self._work():
            self._drawn = work
            work.shown.show_ghost({request.ref: answer.mask})
