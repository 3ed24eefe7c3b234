"""Files in and out of the window's sessions, read and written in the inference thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_samunet.errors import SamUNetError
from napari_samunet.io.masks import Masks, read_masks
from napari_samunet.plugin.bridge import InferenceBridge

if TYPE_CHECKING:
    from napari_samunet.plugin.work import ImageWork

_EXPORT, _IMPORT = "export", "import"

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
    handout = work.session.handout()
    bridge.run(
        _EXPORT,
        lambda: handout.write(path, format or None),
        lambda written: say(f"Written: {written}"),
        lambda error: fail("The labels were not written", error),
    )


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
        _IMPORT,
        lambda: read_masks(path, volume),
        lambda masks: take(work, masks, Path(path).name, say, fail),
        lambda error: fail("No masks were added", error),
    )


def take(work: ImageWork, masks: Masks, name: str, say: Callable[[str], None], fail: Fail) -> None:
    """Make objects of masks that were read for the image of this work."""
    work.take_hand_edits()
    try:
        added: Any = work.session.take_masks(masks, name)
    except SamUNetError as error:
        fail("No masks were added", error)
        return
    work.shown.reveal(("labels",))
    say("; ".join([f"{len(added)} objects added from {name}", *masks.notes]))
