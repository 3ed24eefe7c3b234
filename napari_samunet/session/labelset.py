"""Lists of names for the objects of a session: presets, and files of other programs."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from napari_samunet.assets import asset
from napari_samunet.errors import UnreadableFile

_ITK_SNAP = re.compile(r'^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+[\d.]+\s+\d+\s+\d+\s+"(.*)"\s*$')
_MOST_NAMES = 1000


@dataclass(frozen=True)
class LabelName:
    """A name, and the colour (red, green, blue), 0 to 1, that a file gives it, or None."""

    name: str
    color: tuple[float, float, float] | None = None


@cache
def label_sets() -> dict[str, tuple[LabelName, ...]]:
    """Return the presets of ``resources/labelsets.toml`` by name."""
    listed = tomllib.loads(asset("labelsets.toml").read_text(encoding="utf-8"))
    return {name: tuple(map(LabelName, entry["names"])) for name, entry in listed.items()}


def read_label_set(path: str | Path) -> tuple[LabelName, ...]:
    """Read names from a file: one a line, or a label description file of ITK-SNAP.

    Raises
    ------
    UnreadableFile
        It is no text, or holds no names.
    """
    source = Path(path)
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(
            f"A list of names was wanted, but {source} cannot be read as text ({error})."
        ) from error
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    described = [found for line in lines if (found := _ITK_SNAP.match(line))]
    if described:
        names = tuple(_described(found) for found in described if found[1] != "0")
    else:
        names = tuple(LabelName(line.strip().strip('"')) for line in lines)
    if not 1 <= len(names) <= _MOST_NAMES or any(len(item.name) > 100 for item in names):
        raise UnreadableFile(f"A list of names, one a line, was wanted, but {source} holds none.")
    return names


def _described(found: re.Match[str]) -> LabelName:
    red, green, blue = (int(found[part]) / 255 for part in (2, 3, 4))
    return LabelName(found[5], (red, green, blue))
