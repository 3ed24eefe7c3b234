"""Whether somebody writes a file: a lock that goes with the process, however that ends."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":  # pragma: no cover - Windows has locks of its own
    import msvcrt

    _FAR = 2**40

    def hold(file: BinaryIO) -> bool:
        """Lock an open file until it is closed; False where somebody else holds it."""
        position = file.tell()
        try:
            file.seek(_FAR)  # what is locked there nobody else may even read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:  # as below: a network drive may have no locks
            return error.errno not in (errno.EACCES, errno.EDEADLK)
        finally:
            file.seek(position)
        return True

else:
    import fcntl

    def hold(file: BinaryIO) -> bool:
        """Lock an open file until it is closed; False where somebody else holds it."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a network drive without locks: better written than locked
            return True
        return True


def is_held(path: Path) -> bool:
    """Whether another window or program writes this file now."""
    try:
        with path.open("r+b") as file:
            return not hold(file)
    except OSError:
        return True  # what cannot be opened cannot be continued either
