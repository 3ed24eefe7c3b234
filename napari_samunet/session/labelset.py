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
_LONGEST = 100


@dataclass(frozen=True)
class LabelName:
    """A name of a list.

    Attributes
    ----------
    name
    color
        (red, green, blue), 0 to 1, that a file gives it, or None.
    number
        Of its object in the labels: what a file states, or the place in a preset; None where
        neither tells it.
    """

    name: str
    color: tuple[float, float, float] | None = None
    number: int | None = None


@cache
def label_sets() -> dict[str, tuple[LabelName, ...]]:
    """Return the presets of ``resources/labelsets.toml`` by name."""
    listed = tomllib.loads(asset("labelsets.toml").read_text(encoding="utf-8"))
    return {
        title: tuple(LabelName(name, number=n) for n, name in enumerate(entry["names"], start=1))
        for title, entry in listed.items()
    }


def read_label_set(path: str | Path) -> tuple[LabelName, ...]:
    """Read names from a file: one a line, or a label description file of ITK-SNAP.

    Raises
    ------
    UnreadableFile
        It is no text, or holds no names, too many or too long ones.
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
    wrong = ""
    if not names:
        wrong = "holds none"
    elif len(names) > _MOST_NAMES:
        wrong = f"holds {len(names)}, more than {_MOST_NAMES}"
    elif any(len(item.name) > _LONGEST for item in names):
        wrong = f"holds lines of more than {_LONGEST} characters"
    if wrong:
        raise UnreadableFile(f"A list of names, one a line, was wanted, but {source} {wrong}.")
    return names


def _described(found: re.Match[str]) -> LabelName:
    red, green, blue = (int(found[part]) / 255 for part in (2, 3, 4))
    return LabelName(found[5], (red, green, blue), int(found[1]))
