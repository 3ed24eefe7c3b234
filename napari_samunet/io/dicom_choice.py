"""Which series of a folder is meant."""

from __future__ import annotations

from pathlib import Path

from napari_samunet.errors import ChoiceNeeded, InputError, UnreadableFile
from napari_samunet.io.dicom_files import NO_UID, Series, series_mark
from napari_samunet.io.dicom_search import counted
from napari_samunet.io.names import listed

_SHOWN = 8
"""Series that a message lists; the error's ``choices`` hold all."""


def choose_series(path: Path, found: list[Series], series: int | str | None) -> Series:
    """Pick a series by SeriesNumber, UID or description; without a choice the only one.

    Localizers and secondary captures beside the only other series are set apart, and beside
    several they are listed last.

    Raises
    ------
    ChoiceNeeded
        If there are several and none was chosen, or the choice fits several.
    InputError
        If none fits.
    UnreadableFile
        If files that may be slices of it cannot be read.
    """
    images = [item for item in found if not item.is_aside]
    if series is None:
        fitting = images if len(images) == 1 else sorted(found, key=lambda item: item.is_aside)
    else:
        fitting = _fitting(found, str(series).strip())
    if len(fitting) == 1:
        _refuse_missed(path, fitting[0].missed)
        return fitting[0]
    if not fitting:
        raise InputError(f"{path} has no series {series!r}; it holds {_told(found)}.")
    which = "" if series is None else f" that fit {series!r}"
    raise ChoiceNeeded(
        f"{path} holds {len(fitting)} series{which}: choose one by its number, UID or "
        f"description (series=, --series). {_told(fitting)}",
        tuple(map(str, fitting)),
        "series",
        tuple(item.uid or NO_UID for item in fitting),
    )


def _told(found: list[Series]) -> str:
    return listed([str(item) for item in found], _SHOWN, "; ")


def _fitting(found: list[Series], wanted: str) -> list[Series]:
    """Those that a word names: by its UID one, by number or description perhaps several."""
    if not wanted:
        return []
    exact = [item for item in found if wanted in (item.uid or NO_UID, _mark(item))]
    word = wanted.lower()
    return exact or [i for i in found if word in (i.number.lower(), i.description.lower())]


def _mark(series: Series) -> str:
    return series_mark(series.files[0][1])


def _refuse_missed(path: Path, missed: list[Path]) -> None:
    """Leave it to the person whether the series is whole without them."""
    if missed:
        otherwise = "move them away" if path.is_dir() else "open its folder"
        raise UnreadableFile(
            f"{path} holds {counted(missed)} that may be slices of the series, but are empty, "
            f"damaged or not to be read: copy them again, or {otherwise} to open the others."
        )
