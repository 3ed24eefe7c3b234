"""Continue a session in a window: one that was saved, or the journal of one that was cut off."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_samunet.cli.display import need_window
from napari_samunet.cli.output import say
from napari_samunet.errors import UnreadableFile
from napari_samunet.io.paths import is_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet resume``."""
    parser.add_argument(
        "session",
        nargs="?",
        metavar="SESSION",
        help="a saved session or a journal; without it the journals are listed, the latest first",
    )


def run(args: argparse.Namespace) -> None:
    """Open the image of a session with everything that was done on it, or list the sessions.

    Raises
    ------
    UnreadableFile
        The folder of the journals may not be looked into.
    InputError
        It is no session, or its image is gone or another one; no window is opened then.
    """
    if args.session is None:
        _list()
        return

    from napari_samunet.session.reopen import image_of_session

    saved = Path(args.session).expanduser()
    if not is_file(saved):
        raise UnreadableFile(f"A session was wanted, but {saved} is no file; see `samunet resume`.")
    volume = image_of_session(saved)
    need_window()

    from napari_samunet.plugin.launch import launch_session

    launch_session(volume, saved)


def _list() -> None:
    from napari_samunet.session.shelf import Shelf

    shelf = Shelf()
    try:
        entries = shelf.entries()
    except OSError as error:
        raise UnreadableFile(
            f"The sessions in {shelf.folder} cannot be listed ({error.strerror}): check that you "
            "may enter that folder, and that HOME names your own."
        ) from None
    for entry in entries:
        say(f"{entry.when}  {entry.image['path'] or 'an image without a file'}")
        say(f"  {entry.path}")
    if not entries:
        print(f"No session yet in {shelf.folder}.")
