"""Sessions that keep a journal, a bit of work on them, and what comes back of it."""

from __future__ import annotations

from pathlib import Path

from disc_engine import SHAPE, DiscEngine, square

from napari_samunet.io.volume import Volume
from napari_samunet.session.frames import pack
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.record import StateWriter
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import Shelf
from napari_samunet.session.story import read_story


def kept(volume: Volume, folder: Path) -> tuple[Session, Journal]:
    session = Session(volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(folder).new_path)
    session.keep_journal(journal)
    return session, journal


def work(session: Session) -> None:
    """A bit of everything that a person does."""
    session.new_object("Leber, groß")
    session.add_point((10.25, 9), index=2)
    session.add_point((14, 9), index=2, positive=False)
    session.accept()
    session.propagate(1, 4)
    session.select(1)
    session.add_point((4, 4), index=3, window=(-10, 90))
    session.undo()
    session.new_object("vein")
    session.paint(square(SHAPE[::2], 2, 3, 4), index=7, axis=1)
    session.add_box((1, 2, 4, 8), index=7, axis=1)
    session.add_scribble(square(SHAPE[1:], 5, 2, 9), positive=False, index=5)
    session.remove_prompt(session.prompts[0])
    session.rename_object(2, "portal vein")
    session.undo()


def state_bytes(session: Session) -> bytes:
    """The whole state, in one row of bytes."""
    writer = StateWriter()
    words = writer.state(session._state)
    return pack(words, writer.arrays)


def read_back(path: Path, volume: Volume) -> Session:
    """What comes back of a journal."""
    session = Session(volume, DiscEngine())
    session.take_up(read_story(path))
    return session


def all_states(session: Session) -> list[bytes]:
    """The state after every undo down to the first, and after every redo up again."""
    undone = 0
    while session.can_redo:
        session.redo()
    found = [state_bytes(session)]
    while session.undo():
        undone += 1
        found.append(state_bytes(session))
    while session.redo():
        found.append(state_bytes(session))
    return found
