"""Files in and out of the window's sessions, read and written in a thread of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_samunet.errors import SamUNetError, reason_of
from napari_samunet.io.masks import Masks, read_masks
from napari_samunet.plugin.volumes import METADATA_KEY

if TYPE_CHECKING:
    from napari_samunet.io.volume import Volume
    from napari_samunet.plugin.controller import Controller
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.session import Session


class Sharing:
    """Hands out what was accepted, and takes in masks of files, dropped ones too.

    Parameters
    ----------
    choice : Controller
        Whose sessions they belong to; an error is said and changes nothing.
    """

    def __init__(self, choice: Controller) -> None:
        self._choice = choice
        choice.viewer.layers.events.inserted.connect(self._look)

    def detach(self) -> None:
        """Stop looking at what is dropped on the window."""
        self._choice.viewer.layers.events.inserted.disconnect(self._look)

    def export(self, path: str | Path, format: str = "") -> None:  # noqa: A002 - as in the session
        """Write the accepted objects as they are now; clicks may go on meanwhile.

        ``format`` is as for ``Session.export``; "" where the name tells it.
        """
        choice = self._choice
        work = choice.work
        if work is None:
            return
        work.take_hand_edits()
        handout, missing = work.session.handout(), self._missing(work)

        def told(written: Path) -> str:
            note = handout.note(path, format or None)
            return f"Written: {written}{missing}{note and f'; {note}'}"

        choice.files.run(
            object(),  # none takes the place of another
            lambda: handout.write(path, format or None),
            lambda written: choice.say(told(written)),
            lambda error: choice.say_error("The labels were not written", error),
        )

    def import_masks(self, path: str | Path) -> None:
        """Add the masks of a file to the objects of the image; undo takes them away again."""
        choice = self._choice
        work = choice.work
        if work is None:
            return
        choice.files.run(
            object(),
            lambda: read_masks(path, work.volume),
            lambda masks: self._take(work, masks, Path(path).name),
            lambda error: self._say(work, f"No masks were added. {reason_of(error)}"),
        )

    def _missing(self, work: ImageWork) -> str:
        """Say which slices of which objects are not in the file: those that wait to be accepted,
        and those that are found while an object is carried on.
        """
        names, found = work.names(), self._choice.through.found_of(work)
        counts = Counter(work.session.unaccepted)
        counts.update(found)
        each = ", ".join(
            f"{names[i]} ({n} slice{'s' * (n != 1)}{' so far' * (i in found)})"
            for i, n in counts.items()
        )
        return each and f", without what is not accepted yet: {each}"

    def _take(self, work: ImageWork, masks: Masks, name: str) -> None:
        """Make objects of masks that were read for the image of this work, if it is still there."""
        if not self._choice.is_open(work):
            return
        work.take_hand_edits()
        try:
            with noticed(work.session) as notices:
                added: Any = work.session.take_masks(masks, name)
        except SamUNetError as error:
            self._say(work, f"No masks were added. {reason_of(error)}")
            return
        self._choice.reveal_labels(work)
        count = f"{len(added)} object{'s' * (len(added) != 1)}"
        self._say(work, "; ".join([f"{count} added from {name}", *notices]))

    def _say(self, work: ImageWork, text: str) -> None:
        """Tell the person something of an image, by its name where another one is chosen."""
        chosen = work is self._choice.work
        self._choice.say(text if chosen else f"{work.image.name}: {text}")

    def _look(self, event: Any) -> None:
        masks = event.value.metadata.get(METADATA_KEY, {}).pop("masks", None)
        if masks is not None:
            # The layer list is still telling others of the layer; then it may go.
            QTimer.singleShot(0, lambda: self._take_dropped(event.value, masks))

    def _take_dropped(self, layer: Any, masks: Masks) -> None:
        layers = self._choice.viewer.layers
        work = self._work_on(layer.metadata[METADATA_KEY]["volume"])
        if work is None or layer not in layers:
            return
        layers.remove(layer)
        self._take(work, masks, layer.name)

    def _work_on(self, volume: Volume) -> ImageWork | None:
        """Choose the image of a volume; None where it is not there."""
        for image in self._choice.images:
            if image.metadata.get(METADATA_KEY, {}).get("volume") is volume:
                self._choice.choose(image)
        work = self._choice.work
        return work if work is not None and work.volume is volume else None


@contextmanager
def noticed(session: Session) -> Iterator[list[str]]:
    """Collect what a session says, for one line with all of it: each would hide the one before."""
    notices: list[str] = []
    session.notice.connect(notices.append)
    try:
        yield notices
    finally:
        session.notice.disconnect(notices.append)
