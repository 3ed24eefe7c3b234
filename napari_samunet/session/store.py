"""A session as one file: prompts, previews, objects and what image they belong to.

A compressed .npz of plain arrays and one JSON text; reading it runs nothing. An image that came
from a file is named with its path and a digest of its voxels, any other travels along. The path may
name a patient, so no more of it is kept than leads from the session to the image. The file is
private to its owner and is replaced only when the new one is complete.
"""

from __future__ import annotations

import json
import logging
import zipfile
import zlib
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.volume import Source, Volume
from napari_samunet.replacing import cause_of, replacing
from napari_samunet.session.frames import DAMAGE
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.record import StateReader, StateWriter, is_image, lies_in
from napari_samunet.session.state import State
from napari_samunet.types import AnyArray

logger = logging.getLogger(__name__)

FORMAT = "napari-samunet session"
VERSION = 2
TEXT = "session"
"""Name of the JSON text among the arrays."""


def save_state(path: str | Path, volume: Volume, state: State) -> Path:
    """Write a session; a file that was there stays as it was unless this succeeds.

    Raises
    ------
    InputError
        There is no such folder, or nothing may be written there.
    """
    target = Path(path).expanduser()
    writer = StateWriter()
    words = {"format": FORMAT, "version": VERSION, "state": writer.state(state)}
    arrays = writer.arrays
    words["image"] = _image_words(volume, arrays, target.absolute().parent)
    arrays[TEXT] = np.frombuffer(json.dumps(words).encode(), np.uint8)
    try:
        with replacing(target) as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise InputError(
            f"A session was to be saved as {target}, but {cause_of(error)}; "
            "choose a folder that exists and may be written to."
        ) from error
    return target


def load_state(path: str | Path, volume: Volume | None = None) -> tuple[Volume, State]:
    """Read a session and the image that it belongs to.

    Parameters
    ----------
    path
        What ``save_state`` wrote.
    volume
        The image, if it is open already or has moved; None: opened from where it was.

    Raises
    ------
    UnreadableFile
        It is no saved session, or the image is not where it was.
    InputError
        The image is not the one that was segmented, or a later version saved the session.
    """
    source = Path(path).expanduser()
    arrays = _read(source)
    try:
        words = json.loads(arrays[TEXT].tobytes())
        version = words["version"] if words["format"] == FORMAT else None
    except DAMAGE as error:
        raise _no_session(source) from error
    if version != VERSION:
        raise InputError(
            f"{source} is a session of version {version}, this program reads version {VERSION}; "
            "use the program that saved it, or a newer one."
        )
    try:
        state = StateReader(arrays).state(words["state"])
        image = words["image"]
        if not is_image(image):
            raise ValueError("it names no image")
        travelled = volume is None and image["path"] is None
        found = _image_inside(image, arrays) if travelled else None
    except DAMAGE as error:
        raise _no_session(source) from error
    if found is None:
        found = image_of(source, image, volume)
        saved = arrays.get("affine", found.affine)
        if saved.shape != found.affine.shape or not np.allclose(saved, found.affine):
            logger.warning(
                "The image that was handed over with %s has another spacing or place than when the "
                "session was saved: volumes in ml and exports follow the new one.",
                source,
            )
    if not lies_in(state, found.shape):
        raise _no_session(source)
    return found, state


def _image_words(volume: Volume, arrays: dict[str, AnyArray], folder: Path) -> dict[str, Any]:
    words = ImageIdentity(volume).words()
    if words["path"] is not None:
        place = Path(words["path"])
        near = place.relative_to(folder) if place.is_relative_to(folder) else place
        return {**words, "path": near.as_posix()}
    arrays["image"], arrays["affine"] = volume.array, volume.affine
    if volume.color is not None:
        arrays["color"] = volume.color
    source = {"place": volume.source.place, "sized": volume.source.sized}
    windows = {"window": volume.window, "windows": volume.windows}
    return {**words, "modality": volume.modality, **windows, **source, "negative": volume.negative}


def _image_inside(words: dict[str, Any], arrays: dict[str, AnyArray]) -> Volume:
    window = None if words["window"] is None else tuple(words["window"])
    stored = Source(place=words["place"], sized=words["sized"])
    color = arrays.get("color")
    negative = bool(words["negative"])
    windows = tuple((name, tuple(each)) for name, each in words["windows"])
    affine, modality = arrays["affine"], words["modality"]
    return Volume(arrays["image"], affine, color, modality, window, stored, negative, windows)


def image_of(source: Path, words: dict[str, Any], volume: Volume | None = None) -> Volume:
    """Return the image that a saved session names, opened from where it was if none is given.

    Raises
    ------
    UnreadableFile
        The image is not where it was.
    InputError
        The image is not the one that was segmented.
    """
    if volume is None:
        from napari_samunet.io.open import open_volume

        volume = open_volume(_place(source, words["path"]), words["series"], **words["opened"])
    if ImageIdentity(volume).fits(words):
        return volume
    raise InputError(
        f"{source} belongs to an image of {tuple(words['shape'])} (z, y, x) "
        f"({words['path'] or 'without a file'}), but another or a changed one of "
        f"{volume.shape} came; hand over the right one as volume=…"
    )


def _place(source: Path, path: str | None) -> Path:
    """Where the image is: its path as seen from the session, else its name beside the session."""
    names = []
    if path is not None:
        windows = PureWindowsPath(path)  # which may have written it
        names = [path, windows.as_posix(), Path(path).name, windows.name]
    places = (source.parent / name for name in names)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        what = "an image without a file" if path is None else f"{path}, which is not there any more"
        raise UnreadableFile(
            f"{source} belongs to {what}; open the image where it is now and hand it over: "
            "Session.resume(path, volume)."
        )
    return found


def _read(source: Path) -> dict[str, AnyArray]:
    try:
        # A lone array (.npy) has no names and a pickle none that it may give: both end here.
        with np.load(source, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _no_session(source) from error


def _no_session(source: Path) -> UnreadableFile:
    state = "is damaged, was edited or is something else" if source.is_file() else "is no file"
    return UnreadableFile(
        f"A session that was saved with Session.save was wanted, but {source} {state}."
    )
