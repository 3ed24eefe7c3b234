"""The image of a session that is on the disk, whichever of the two kinds of file it is in."""

from __future__ import annotations

from pathlib import Path

from napari_samunet.errors import UnreadableFile
from napari_samunet.io.volume import Volume
from napari_samunet.session.store import image_of, load_state
from napari_samunet.session.story import is_journal, read_head


def image_of_session(path: Path) -> Volume:
    """Open the image that a journal or a saved session belongs to.

    Raises
    ------
    UnreadableFile
        It is neither, or the image is not where it was.
    InputError
        The image is not the one that was segmented.
    """
    if not is_journal(path):
        return load_state(path)[0]
    image = read_head(path)
    if image is None:
        raise UnreadableFile(f"{path} is a journal whose beginning cannot be read.")
    return image_of(path, image)
