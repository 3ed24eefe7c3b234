"""Where journals lie, and which of them belongs to an image."""

from __future__ import annotations

import calendar
import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from platformdirs import user_state_path

from napari_samunet.session.frames import Words
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.lock import is_held
from napari_samunet.session.story import count_objects, read_head

SUFFIX = ".samunet"
KEPT_DAYS = 60
"""A journal that nobody touched for so long is deleted: it shows a patient."""
_UNDATED_DAYS = KEPT_DAYS / 2
"""So old counts one that a wrong clock dated: behind recent work, and not deleted at once."""
_DAY = 24 * 3600
_FIRST = calendar.timegm((2025, 1, 1, 0, 0, 0))
"""Nothing can have been written before this program was (Unix time)."""


@dataclass(frozen=True)
class Entry:
    """One journal: its file, what its image was, and when it was last written (Unix time).

    ``objects`` is how many it ends with, None where nobody counted them.
    """

    path: Path
    image: Words
    written: float
    objects: int | None = None

    @property
    def when(self) -> str:
        """Day and time as a person reads them."""
        return time.strftime("%d %b %Y, %H:%M", time.localtime(self.written))

    @property
    def about(self) -> str:
        """Day, time and number of objects as a person reads them."""
        if self.objects is None:
            return self.when
        return f"{self.when}, {self.objects or 'no'} object{'' if self.objects == 1 else 's'}"


class Shelf:
    """A folder of journals.

    Parameters
    ----------
    folder
        None: the user's own folder for the state of programs.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = user_state_path("napari-samunet") / "sessions" if folder is None else folder

    def new_path(self, identity: ImageIdentity) -> Path:
        """Return a path for a new journal of an image."""
        moment = time.strftime("%Y%m%d-%H%M%S")
        name = f"{identity.digest[:16]}-{moment}-{os.getpid()}"
        number = 0
        while (path := self.folder / f"{name}-{number}{SUFFIX}").exists():
            number += 1
        return path

    def entries(self) -> list[Entry]:
        """Return all journals whose beginning can be read, the latest first.

        One that a wrong clock dated counts as 30 days old, for nobody knows when it was written.

        Raises
        ------
        OSError
            The folder may not be looked into.
        """
        found = []
        for path in self._files():
            with suppress(OSError):  # another window may delete it just now
                image = read_head(path)
                if image is not None:
                    found.append(Entry(path, image, path.stat().st_mtime))
        now = time.time()
        # Of those that `tidy` gave one date, the name tells the latest of an image.
        return sorted(
            found, key=lambda e: (_counted(e.written, now), e.written, e.path.name), reverse=True
        )

    def last(self, identity: ImageIdentity) -> Entry | None:
        """Return the latest journal of an image that no other window writes.

        One without any object, as a stray click and its undo leave it, hides none that has some.
        """
        empty = None
        for entry in self.entries():
            if identity.fits(entry.image) and not is_held(entry.path):
                counted = replace(entry, objects=count_objects(entry.path))
                if counted.objects:
                    return counted
                empty = empty or counted
        return empty

    def is_worked_on(self, identity: ImageIdentity, own: Path | None = None) -> bool:
        """Whether a journal of an image is being written, but for one's ``own``: `last` leaves it
        out.
        """
        others = (entry for entry in self.entries() if entry.path != own)
        return any(identity.fits(entry.image) and is_held(entry.path) for entry in others)

    def of_other_content(self, identity: ImageIdentity) -> Entry | None:
        """Return the latest journal of the same file and series when its voxels were others."""
        if identity.path is None:
            return None
        for entry in self.entries():
            same = entry.image["path"] == identity.path
            if same and entry.image["series"] == identity.series:
                return None if identity.fits(entry.image) else entry
        return None

    def tidy(self) -> None:
        """Delete journals that nobody touched for a long time, readable or not.

        One that a wrong clock dated is dated 30 days back, and has as many left.

        Raises
        ------
        OSError
            The folder may not be looked into.
        """
        now = time.time()
        if now < _FIRST:
            return  # the clock is wrong at this moment, and says nothing of any file
        for path in self._files():
            with suppress(OSError):  # another window may delete it just now
                written = path.stat().st_mtime
                if is_held(path):
                    continue
                counted = _counted(written, now)
                if counted != written:
                    os.utime(path, (counted, counted))
                elif written < now - KEPT_DAYS * _DAY:
                    path.unlink()

    def _files(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix == SUFFIX]
        except FileNotFoundError:  # nothing was kept yet
            return []


def _counted(written: float, now: float) -> float:
    """When a file counts as written: a clock without its battery tells nothing (Unix time)."""
    return written if _FIRST <= written <= now + _DAY else now - _UNDATED_DAYS * _DAY
