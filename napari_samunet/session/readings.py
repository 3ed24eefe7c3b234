"""What a file was opened as: all that it may have been where nobody wrote the choice down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_samunet.errors import ChoiceNeeded, UnevenSlices
from napari_samunet.io.volume import Volume
from napari_samunet.session.record import Words


def readings(path: Path, words: Words) -> Iterator[Volume]:
    """Open a file as it was opened; in every way, the likeliest first, where that is not known.

    Parameters
    ----------
    path
        A file or folder.
    words
        What is known of the image: ``series`` names one of a DICOM folder, ``opened`` how it was
        read, which the sessions of earlier versions do not tell.

    Yields
    ------
    Volume
        As it is stored, time point by time point; then with its slices resampled, of DICOM.
    """
    series, opened = words.get("series"), words.get("opened")
    if opened is not None:
        choice = {name: opened[name] for name in ("frame", "resample", "keep_tilt")}
        yield from _frames(path, {"series": series, **choice})
        return
    for choice in ({"keep_tilt": True}, {"resample": True}):
        volume = None
        try:
            for volume in _frames(path, {"series": series, **choice}):
                yield volume
        except UnevenSlices:
            continue
        if volume is None or volume.source.kind != "dicom":
            return


def _frames(path: Path, chosen: dict[str, Any]) -> Iterator[Volume]:
    from napari_samunet.io.open import open_volume

    try:
        yield open_volume(path, **chosen)
    except ChoiceNeeded as several:
        if several.argument != "frame":
            raise
        for frame in range(len(several.choices)):
            yield open_volume(path, **{**chosen, "frame": frame})
