"""Encoding ahead: the shown slice is encoded while nobody waits, so that a click finds it ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from napari_samunet.errors import InputError
from napari_samunet.plugin.coordinates import shown_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_samunet.plugin.bridge import InferenceBridge
    from napari_samunet.plugin.work import ImageWork

_REST_MS = 100  # slices that are scrolled over are not encoded
_AHEAD = "ahead"


class EncodingAhead(QObject):
    """Encodes the slice on which the slider rests, in the inference thread.

    At most one slice waits, the newest, and it never waits before a prompt: see `give_way`.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : SharedEngine
    bridge : InferenceBridge
        Also the parent.
    work : callable
        Gives the present `ImageWork`, or None where nothing is to be encoded.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        engine: Any,
        bridge: InferenceBridge,
        work: Callable[[], ImageWork | None],
    ) -> None:
        super().__init__(bridge)
        self._viewer = viewer
        self._engine = engine
        self._bridge = bridge
        self._work = work
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self._begin)

    def soon(self) -> None:
        """Encode what is shown, unless something else is shown or asked in a moment."""
        self._timer.start()

    def give_way(self) -> None:
        """Forget what has not begun: somebody asks."""
        self._timer.stop()
        self._bridge.cancel(_AHEAD)

    def _begin(self) -> None:
        work = self._work()
        if work is None or self._bridge.is_busy:
            return
        try:
            ref = shown_slice(work.image, self._viewer.layers, self._viewer.dims)
        except InputError:
            return
        encode, volume, window = self._engine.embed, work.volume, work.window
        self._bridge.run(_AHEAD, lambda: encode(volume, ref, window), _forget, _forget, quiet=True)


def _forget(_result: object) -> None:
    """The features wait in the cache; an error comes again with the click, and is told then."""
