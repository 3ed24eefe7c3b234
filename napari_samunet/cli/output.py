"""Files that a command writes: checked before the work, replaced only when complete; and what it
warns of.
"""

from __future__ import annotations

import logging
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_samunet.errors import BadUsage, ExportRefused
from napari_samunet.io.paths import exists, is_folder
from napari_samunet.replacing import cause_of, refusal_of

_CONTROL = re.compile("[\0-\x08\n-\x1f\x7f-\x9f]")


def say(line: str, error: bool = False) -> None:
    """Print one line, in which nothing that came from a file can command the terminal.

    Parameters
    ----------
    line
        What to print; control characters become question marks.
    error
        Print it on stderr.
    """
    print(_CONTROL.sub("?", line), file=sys.stderr if error else sys.stdout)


def check_writable(path: str | Path) -> Path:
    """Make sure that a file can be written, before hours of work are done for it.

    Parameters
    ----------
    path
        The file to be written; it may exist.

    Raises
    ------
    BadUsage
        Its folder is missing or not writable, or the path is no file.
    UnreadableFile
        Its folder may not be entered.
    """
    path = Path(path)
    if is_folder(path):
        raise BadUsage(f"Expected a file to write, but {path} is a folder; name a file in it.")
    if path.exists() and not path.is_file():  # would be replaced, too
        raise BadUsage(f"Expected a file to write, but {path} is a device or a pipe; name a file.")
    folder = path.resolve().parent
    if not is_folder(folder):
        raise BadUsage(f"Expected a folder to write {path.name} in, but {folder} does not exist.")
    if refusal := refusal_of(folder):
        raise BadUsage(
            f"Expected a folder to write {path.name} in, but {folder} takes no file ({refusal})."
        )
    return path


def check_folder(path: str | Path) -> Path:
    """Make sure that files can be written in a folder, which is made where it is missing.

    Parameters
    ----------
    path
        The folder; it and those above it may be missing, and none is made yet.

    Raises
    ------
    BadUsage
        A file is in the way, or the nearest folder that exists is not writable.
    UnreadableFile
        A folder above it may not be entered.
    """
    path = Path(path)
    whole = path.resolve()
    nearest = next(folder for folder in (whole, *whole.parents) if exists(folder))
    if not is_folder(nearest):
        raise BadUsage(f"Expected a folder to write in, but {nearest} is a file; name another one.")
    if refusal := refusal_of(nearest):
        place = path if nearest == whole else f"{nearest}, where {path} would be,"
        raise BadUsage(f"Expected a folder to write in, but {place} takes no file ({refusal}).")
    return path


def make_folder(path: Path) -> None:
    """Make a folder that `check_folder` found to be possible, and those above it.

    Raises
    ------
    ExportRefused
        It cannot be made any more, for instance because the disk is full by now.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportRefused(
            f"{path} cannot be made ({cause_of(error)}): choose another folder or make room."
        ) from None


def replace_text(path: Path, text: str) -> None:
    """Write a text file: first beside the target, then in its place, so that none is left half.

    Parameters
    ----------
    path
        The target, which is replaced if it exists.
    text
        Its new content, written as UTF-8.

    Raises
    ------
    ExportRefused
        It cannot be written; what was there stays.
    """
    from napari_samunet.io.export import write_and_replace

    def write(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    write_and_replace(path, write)


class _PlainLines(logging.Handler):
    """Prints warnings as one line each; the traceback of what was got over is nobody's concern."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"samunet: {' '.join(record.getMessage().split())}", error=True)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print what the package warns of as plain lines, whatever other libraries make of logging.

    What pydicom warns of a damaged file is left out: the image's own notes tell what matters.
    """
    logger, handler = logging.getLogger("napari_samunet"), _PlainLines(logging.WARNING)
    propagated = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pydicom")
            yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated
