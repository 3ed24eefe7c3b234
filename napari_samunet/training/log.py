"""The log of a run: one JSON object a line, of which a kill or a full disk may leave a half."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from napari_samunet.training.files import open_whole


def add_row(path: Path, row: Mapping[str, float]) -> None:
    """Append a row to a log, on a line of its own also after a half one.

    Raises
    ------
    OSError
        It cannot be written.
    """
    with path.open("ab+") as log:
        if log.tell():
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")
        log.write(json.dumps(row).encode() + b"\n")


def drop_rows_after(path: Path, images: int) -> None:
    """Take the rows out of a log that tell of more images than that: they will be seen again.

    Raises
    ------
    InputError
        It cannot be written.
    """
    rows = read_rows(path)
    kept = [row for row in rows if row["images"] <= images]
    if len(kept) < len(rows):
        with open_whole(path) as file:
            file.writelines(json.dumps(row).encode() + b"\n" for row in kept)


def read_rows(path: Path) -> list[dict[str, float]]:
    """Return the rows of a log, without half ones; none where there is no log yet.

    Raises
    ------
    OSError
        It cannot be read.
    """
    rows = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with suppress(ValueError):
            rows.append(json.loads(line))
    return rows
