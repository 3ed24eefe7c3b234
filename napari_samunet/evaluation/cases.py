"""Slice cases: one 2-D image with the mask of one structure, in one ``.npz`` file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.volume import Volume
from napari_samunet.types import BoolArray, FloatArray, Window

_NUMBERS = "biuf"
"""Kinds of arrays that hold numbers, or yes and no."""
_KEYS = ("image", "mask", "spacing", "window", "modality", "structure", "human", "source")


@dataclass(frozen=True, eq=False)
class SliceCase:
    """One slice and the mask that a person (or, where ``human`` is False, a model) drew in it.

    Attributes
    ----------
    name
        The file's name without its suffix.
    image
        (H, W) float32, raw intensities in the units of the file.
    mask
        (H, W) bool, never empty.
    spacing
        Millimetres from row to row and from column to column.
    window
        Intensity range that a reader would display.
    modality, structure, source
        ``"CT"``, ``"liver_000"``, the patient or scan that the slice was cut from.
    human
        False where a model made the mask.
    """

    name: str
    image: FloatArray
    mask: BoolArray
    spacing: tuple[float, float]
    window: Window
    modality: str
    structure: str
    human: bool
    source: str

    @property
    def volume(self) -> Volume:
        """The slice as a volume of one."""
        return Volume.from_array(self.image, spacing=(1.0, *self.spacing), modality=self.modality)

    @property
    def structure_name(self) -> str:
        """The structure without the numbers of the data set; a bare label keeps its source."""
        if self.structure.startswith("label:"):
            return f"{self.source} {self.structure}"
        return re.sub(r"(_\d{3}|:\d+)$", "", self.structure)


def find_cases(folder: str | Path, every: int = 1, limit: int | None = None) -> list[Path]:
    """List the slice cases of a folder, sorted by name.

    Parameters
    ----------
    folder
        A folder with ``.npz`` files.
    every
        Take each ``every``-th case only.
    limit
        Stop after so many.

    Raises
    ------
    InputError
        ``every`` or ``limit`` is below 1.
    UnreadableFile
        No such folder, or no case in it.
    """
    if every < 1 or (limit is not None and limit < 1):
        raise InputError(f"every and limit count from 1, but every={every}, limit={limit} came.")
    folder = Path(folder)
    if not folder.is_dir():
        raise UnreadableFile(f"Expected a folder of slice cases, but {folder} is none.")
    paths = sorted(folder.glob("*.npz"))[::every][:limit]
    if not paths:
        raise UnreadableFile(
            f"Expected slice cases (.npz) in {folder}, but none lies there; name their folder."
        )
    return paths


def human_cases(folder: str | Path) -> list[SliceCase]:
    """Read the cases of a folder whose masks people drew, sorted by name.

    Raises
    ------
    UnreadableFile, InputError
        As of ``find_cases`` and ``read_case``.
    """
    return [case for case in map(read_case, find_cases(folder)) if case.human]


def read_case(path: str | Path) -> SliceCase:
    """Read one slice case and check that its parts fit together.

    Raises
    ------
    UnreadableFile
        Missing, empty, truncated, not an ``.npz``, or one that lacks a part.
    InputError
        Parts of the wrong shape or value.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in _KEYS if key not in archive.files]
            parts = {key: archive[key] for key in _KEYS if key not in missing}
    except Exception as error:  # zipfile, zlib, pickle and OS errors all mean the same here
        reason = str(error) or type(error).__name__
        raise UnreadableFile(f"Expected a slice case, but {path} is unreadable: {reason}") from None
    if missing:
        raise UnreadableFile(
            f"A slice case needs {', '.join(_KEYS)}, but {path} lacks {', '.join(missing)}."
        )
    return _checked(path, parts)


def _checked(path: Path, parts: dict[str, np.ndarray]) -> SliceCase:
    for key in ("image", "mask", "spacing", "window"):
        if parts[key].dtype.kind not in _NUMBERS:
            raise InputError(f"{key} must be numbers, but {path} has {parts[key].dtype}.")
    image = parts["image"].astype(np.float32)
    if image.ndim != 2 or parts["mask"].shape != image.shape:
        raise InputError(
            f"image and mask must be (H, W) alike, but {path} has {image.shape} and "
            f"{parts['mask'].shape}."
        )
    if not np.isfinite(image).any():
        raise InputError(f"A slice case needs an image with finite values; {path} has none.")
    spacing, window = parts["spacing"].astype(float), parts["window"].astype(float)
    if spacing.shape != (2,) or not (spacing > 0).all() or not np.isfinite(spacing).all():
        raise InputError(f"spacing must be two positive mm, but {path} has {spacing.tolist()}.")
    if window.shape != (2,) or not window[0] < window[1] or not np.isfinite(window).all():
        raise InputError(f"window must be (low, high), but {path} has {window.tolist()}.")
    return SliceCase(
        name=path.stem,
        image=image,
        mask=_mask(path, parts["mask"]),
        spacing=(float(spacing[0]), float(spacing[1])),
        window=(float(window[0]), float(window[1])),
        modality=_text(path, "modality", parts["modality"]),
        structure=_text(path, "structure", parts["structure"]),
        human=_human(path, parts["human"]),
        source=_text(path, "source", parts["source"]),
    )


def _mask(path: Path, stored: np.ndarray) -> BoolArray:
    if np.isnan(stored).any():
        raise InputError(f"mask must be 0 outside the structure, but {path} has NaN there.")
    mask = stored != 0
    if not mask.any():
        raise InputError(f"A slice case needs a mask with at least one pixel; {path} has none.")
    labels = np.unique(stored[mask])
    if labels.size > 1:
        raise InputError(
            f"A slice case is of one structure, but the mask of {path} has {labels.size} values "
            f"beside 0 ({labels[0]:g} to {labels[-1]:g}); save a case for each structure."
        )
    return mask


def _human(path: Path, stored: np.ndarray) -> bool:
    if stored.size != 1 or stored.dtype.kind not in _NUMBERS or stored.item() not in (0, 1):
        raise InputError(f"human must be True or False, but {path} has {stored.tolist()!r}.")
    return bool(stored.item())


def _text(path: Path, key: str, stored: np.ndarray) -> str:
    if stored.size != 1:
        raise InputError(f"{key} must be one text, but {path} has {stored.tolist()}.")
    value = stored.item()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
