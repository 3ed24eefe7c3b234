"""Files in and out of the window's sessions, read and written in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_samunet.errors import SamUNetError
from napari_samunet.io.masks import Masks, read_masks
from napari_samunet.plugin.bridge import InferenceBridge
from napari_samunet.plugin.volumes import METADATA_KEY

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList

    from napari_samunet.plugin.work import ImageWork

Fail = Callable[[str, BaseException], None]


def export(
    work: ImageWork,
    path: str | Path,
    format: str,  # noqa: A002 - as in the session
    bridge: InferenceBridge,
    say: Callable[[str], None],
    fail: Fail,
) -> None:
    """Write the accepted objects as they are now; clicks may go on meanwhile.

    Parameters
    ----------
    work : ImageWork
    path : str or Path
    format : str
        As for ``Session.export``; "" where the name tells it.
    bridge : InferenceBridge
        The thread.
    say, fail : callable
        ``say(line)`` and ``fail(what, error)``, in the GUI thread.
    """
    work.take_hand_edits()
    handout, missing = work.session.handout(), _missing(work)
    bridge.run(
        object(),  # none takes the place of another
        lambda: handout.write(path, format or None),
        lambda written: say(f"Written: {written}{missing}"),
        lambda error: fail("The labels were not written", error),
    )


def _missing(work: ImageWork) -> str:
    """Say which slices of which objects wait to be accepted, and are not in the file."""
    names = {item.id: item.name for item in work.session.objects}
    counts = work.session.unaccepted.items()
    each = ", ".join(f"{names[i]} ({n} slice{'s' * (n > 1)})" for i, n in counts)
    return each and f", without what is not accepted yet: {each}"


def import_masks(
    work: ImageWork,
    path: str | Path,
    bridge: InferenceBridge,
    say: Callable[[str], None],
    fail: Fail,
) -> None:
    """Add the masks of a file to the objects of an image; undo takes them away again."""
    volume = work.volume
    bridge.run(
        object(),
        lambda: read_masks(path, volume),
        lambda masks: take(work, masks, Path(path).name, say, fail),
        lambda error: fail("No masks were added", error),
    )


def take(work: ImageWork, masks: Masks, name: str, say: Callable[[str], None], fail: Fail) -> None:
    """Make objects of masks that were read for the image of this work."""
    work.take_hand_edits()
    notices: list[str] = []  # one line says all of them: each would hide the one before
    work.session.notice.connect(notices.append)
    try:
        added: Any = work.session.take_masks(masks, name)
    except SamUNetError as error:
        fail("No masks were added", error)
        return
    finally:
        work.session.notice.disconnect(notices.append)
    work.shown.reveal(("labels",))
    count = f"{len(added)} object{'s' * (len(added) != 1)}"
    say("; ".join([f"{count} added from {name}", *notices]))


class DroppedMasks:
    """Makes objects of masks that were dropped on the window, in the session of their image.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    work_on : callable
        ``work_on(volume)`` chooses the image of a volume and returns its work, or None.
    say, fail : callable
        ``say(line)`` and ``fail(what, error)``.
    """

    def __init__(
        self,
        layers: LayerList,
        work_on: Callable[[Any], ImageWork | None],
        say: Callable[[str], None],
        fail: Fail,
    ) -> None:
        self._layers, self._work_on, self._say, self._fail = layers, work_on, say, fail
        layers.events.inserted.connect(self._look)

    def detach(self) -> None:
        """Stop looking."""
        self._layers.events.inserted.disconnect(self._look)

    def _look(self, event: Any) -> None:
        masks = event.value.metadata.get(METADATA_KEY, {}).pop("masks", None)
        if masks is not None:
            # The layer list is still telling others of the layer; then it may go.
            QTimer.singleShot(0, lambda: self._take(event.value, masks))

    def _take(self, layer: Any, masks: Masks) -> None:
        work = self._work_on(layer.metadata[METADATA_KEY]["volume"])
        if work is None or layer not in self._layers:
            return
        self._layers.remove(layer)
        take(work, masks, layer.name, self._say, self._fail)
