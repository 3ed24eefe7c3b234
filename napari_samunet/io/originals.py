"""The files of an image, which no export may replace."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from napari_samunet.errors import ExportRefused
from napari_samunet.io.names import name_of
from napari_samunet.io.volume import Volume

_MOST_HEADER = 1_000_000
_VOXELS = re.compile(
    rb"^(?:ElementDataFile *=|data ?file *:)[ \t]*(.+?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE
)
_NUMBER = re.compile(r"%[0-9]*[a-z]")  # of a slice, in a name that stands for many


def originals_of(volume: Volume) -> tuple[Path, ...]:
    """Every file that an image was read from, and the folder or the header that was opened."""
    source = volume.source
    return source.files if source.path is None else (source.path, *source.files)


def check_original(target: Path, originals: Sequence[Path]) -> None:
    """Refuse to write over the image, by whatever name: links lead to the same file.

    Raises
    ------
    ExportRefused
        If the target is one of the originals, or the image of another slice or series.
    """
    if not target.exists():
        return
    if any(_same(target, original) for original in originals):
        raise ExportRefused(
            f"{target} is the image itself, or a part of it: choose another name for the labels."
        )
    from napari_samunet.io.dicom_files import is_image_file

    # Of a series that was not opened, too: a folder holds all that there is of a patient.
    if is_image_file(target):
        raise ExportRefused(f"{target} is a DICOM image: choose another name for the labels.")


def voxel_files(header: Path) -> tuple[Path, ...]:
    """Files that a header of MetaImage or NRRD names as its voxels; none if it holds them."""
    with header.open("rb") as file:
        start = file.read(_MOST_HEADER)
    named = _VOXELS.search(start)
    if named is None:
        return ()
    name = name_of(named[1])
    if name.upper() == "LOCAL":
        return ()
    if name.upper().startswith("LIST"):
        following = name_of(start[named.end() :]).splitlines()
        return tuple(header.parent / line.strip() for line in following if line.strip())
    if _NUMBER.search(name):  # followed by the first number, the last and the step
        parts = _NUMBER.split(name.split()[0])
        pattern = "*".join(glob.escape(part) for part in parts)
        folder = glob.escape(str(header.parent))
        return tuple(Path(found) for found in sorted(glob.glob(f"{folder}/{pattern}")))
    return (header.parent / name,)


def _same(target: Path, original: Path) -> bool:
    try:
        return target.samefile(original)
    except OSError:  # it was moved away
        return False
