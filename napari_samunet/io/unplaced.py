"""Frames of a DICOM SEG that state no place, as those of a radiograph or a cine.

Nothing but the images that they name tells what they were drawn on.
Standard: DICOM PS3.3 C.7.6.16.2.6 (derivation image), table 10-3 (image SOP instance reference).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_samunet.errors import UnsupportedImage
from napari_samunet.io.dicom_behind import reference_to
from napari_samunet.io.dicom_planes import Plane, plane_of
from napari_samunet.io.dicom_values import numbers_of
from napari_samunet.io.volume import Volume


def was_drawn_on(frame: Plane, volume: Volume) -> bool | None:
    """Whether a frame names the one slice of a volume; None where nobody knows.

    Parameters
    ----------
    frame : Plane
        Of the segmentation.
    volume : Volume
        Of one slice.
    """
    images = _images(frame)
    if not images or not volume.source.slices:
        return None
    path, at, shown = volume.source.slices[0]
    uid = reference_to(plane_of(path, volume.source.header[at], shown)).ReferencedSOPInstanceUID
    if not uid:
        return None
    return any(
        image.ReferencedSOPInstanceUID == uid and _includes(image, shown + 1) for image in images
    )


def _images(frame: Plane) -> list[Any]:
    """References to the images that a frame was drawn on, or that its file was."""
    for word in frame.words:
        if word.get("SourceImageSequence"):
            return list(word.SourceImageSequence)
    series = frame.dataset.get("ReferencedSeriesSequence") or ()
    return [image for one in series for image in one.get("ReferencedInstanceSequence") or ()]


def _includes(image: Any, number: int) -> bool:
    """Whether a reference means a frame, numbered from 1; without numbers it means all of them."""
    numbers = numbers_of((image,), "ReferencedFrameNumber")
    return numbers is None or number in numbers


def check_drawn_here(path: Path, known: Sequence[bool | None]) -> list[str]:
    """Look at what ``was_drawn_on`` told of all frames.

    Returns
    -------
    list of str
        Notes: that frames belong to other images, or that nobody knows.

    Raises
    ------
    UnsupportedImage
        If every frame was drawn on another image.
    """
    others = known.count(False)
    if others and others == len(known):
        raise UnsupportedImage(
            f"{path} was drawn on another image, or another frame of it, than this one: "
            "open the one that it belongs to and add it there."
        )
    notes = []
    if others:
        notes.append(
            f"{path.name}: {others} of its {len(known)} frames belong to other images and were "
            "left out"
        )
    if None in known:
        notes.append(
            f"nothing tells whether {path.name} was drawn on this image: check that it was"
        )
    return notes
