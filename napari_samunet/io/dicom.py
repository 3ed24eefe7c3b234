"""A DICOM series, file or DICOMDIR → a volume, through pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_samunet.errors import SamUNetError, TiltedSlices, UnreadableFile, UnsupportedImage
from napari_samunet.geometry import is_sheared, shear_degrees, spacing_of
from napari_samunet.io.dicom_choice import choose_series
from napari_samunet.io.dicom_copies import without_copies
from napari_samunet.io.dicom_even import evened
from napari_samunet.io.dicom_files import Series, series_of, text_of
from napari_samunet.io.dicom_pixels import read_pixels
from napari_samunet.io.dicom_planes import Plane, planes_of
from napari_samunet.io.dicom_stack import stack, thickness_of
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.volume import UNSIZED, Sized, Source, Volume
from napari_samunet.types import FloatArray


def read_dicom(
    path: Path,
    series: int | str | None = None,
    frame: int | None = None,
    resample: bool = False,
    keep_tilt: bool = False,
) -> Volume:
    """Read DICOM as a volume.

    Parameters
    ----------
    path : Path
        A folder (searched with its subfolders), a DICOMDIR, or a single file, which is read alone.
    series : int or str, optional
        SeriesNumber, SeriesInstanceUID or SeriesDescription, where there are several.
    frame : int, optional
        Time point of a 4-D series, or frame of a file without positions, counted from 0.
    resample : bool
        Whether slices that lie unevenly, or askew behind a tilted gantry, are interpolated onto an
        even, upright grid. Otherwise they are refused.
    keep_tilt : bool
        Whether a tilted gantry is taken as it is, as a sheared grid.

    Returns
    -------
    Volume
        Slices along row × column, rescale applied slice by slice, the windows of the middle slice.

    Raises
    ------
    UnreadableFile
        If there is no DICOM image, or one is damaged.
    UnevenSlices
        If the slices do not make one even stack, and ``resample`` is False.
    TiltedSlices
        If they make one that is askew, and both ``resample`` and ``keep_tilt`` are False.
    UnsupportedImage
        If the slices cannot be decoded or shown.
    ChoiceNeeded
        If there are several series, time points or frames and none was chosen.
    """
    try:
        with lenient():
            return _read(path, series, frame, resample, keep_tilt)
    except SamUNetError:
        raise
    except (AttributeError, KeyError, NotImplementedError, OSError, TypeError, ValueError) as error:
        raise UnreadableFile(  # pydicom reads values when asked, so any of them may be damaged
            f"{path} has a damaged DICOM header ({type(error).__name__}): export or copy it again."
        ) from None


def _read(
    path: Path, series: int | str | None, frame: int | None, resample: bool, keep_tilt: bool
) -> Volume:
    chosen, notes = _picked(path, series)
    stacked = stack(path, planes_of(chosen), frame, resample)
    planes, affine = stacked.planes, stacked.affine
    if affine is not None and not (resample or keep_tilt):
        _refuse_tilt(path, affine, len(planes))
    array, color = read_pixels(planes)
    slices = _slices(planes)
    if affine is None or (resample and is_sheared(affine)):
        array, affine = evened(path, array, color, planes)
        color, slices = None, ()
        notes = (*notes, "the slices were resampled to an even grid")
    modality = text_of(planes[0].dataset, "Modality") or None
    headers = {plane.path: plane.dataset for plane in planes}  # one a file, in slice order
    notes = (*notes, *stacked.notes, *_notes(planes, affine))
    negative = color is None and _is_negative(planes[0])
    place = "position and orientation of each slice" if planes[0].is_placed else None
    files = tuple(file for file, _ in chosen.files)
    sized, kept = _sized(planes), tuple(headers.values())
    source = Source(path, "dicom", kept, notes, slices, place, sized=sized, files=files)
    try:
        windows = planes[len(planes) // 2].windows
        window = windows[0][1] if windows else None
        return Volume(array, affine, color, modality, window, source, negative, windows)
    except UnsupportedImage as error:
        raise UnsupportedImage(f"{path} cannot be shown. {error}") from None


def _picked(path: Path, series: int | str | None) -> tuple[Series, tuple[str, ...]]:
    """The series to read, each image of it once, and notes on what was set apart."""
    found, notes = series_of(path)
    picked = choose_series(path, found, series)
    aside = [item for item in found if item.is_aside and item is not picked]
    if aside:
        notes = (*notes, f"{len(aside)} series of localizers or screenshots were set apart")
    chosen = without_copies(picked)
    copies = len(picked.files) - len(chosen.files)
    if copies:
        notes = (*notes, f"{copies} second copies of the same image were left out")
    if chosen.sharing_uid:
        notes = (
            *notes,
            f"{chosen.sharing_uid} images share their UID with others, as careless anonymising "
            "leaves them; all were kept",
        )
    return chosen, notes


def _refuse_tilt(path: Path, affine: FloatArray, count: int) -> None:
    """Leave the choice to the person where slices are shifted by more than half a pixel."""
    tilt = np.radians(shear_degrees(affine))
    depth, rows, columns = spacing_of(affine)
    if np.sin(tilt) * depth * (count - 1) > min(rows, columns) / 2 and is_sheared(affine):
        raise TiltedSlices(
            f"{path} was scanned with a tilted gantry ({np.degrees(tilt):.1f}°), so its slices lie "
            "askew: straighten them (resample=True, --resample) or take them as they were scanned "
            "(keep_tilt=True, --keep-tilt)."
        )


def _slices(planes: list[Plane]) -> tuple[tuple[Path, int, int], ...]:
    """File, its place among the headers, and frame of every slice; none of tiles of a mosaic."""
    if any(plane.tile is not None for plane in planes):
        return ()
    places: dict[Path, int] = {}
    for plane in planes:
        places.setdefault(plane.path, len(places))
    return tuple((plane.path, places[plane.path], plane.frame) for plane in planes)


def _sized(planes: list[Plane]) -> Sized:
    """What the file states in millimetres; of a projection or a single frame no thickness."""
    if planes[0].spacing is None:
        return ""
    return "voxel" if len(planes) > 1 or thickness_of(planes[0]) else "pixel"


def _is_negative(plane: Plane) -> bool:
    header = plane.dataset
    if text_of(header, "PhotometricInterpretation") == "MONOCHROME1":
        return True
    return text_of(header, "PresentationLUTShape") == "INVERSE"


def _notes(planes: list[Plane], affine: FloatArray) -> list[str]:
    first, notes = planes[0], []
    if not first.is_placed:
        notes.append("no position in the patient is stated")
    if first.spacing is None:
        notes.append(UNSIZED)
    elif first.number("PixelSpacing") is None and first.number("ImagerPixelSpacing") is not None:
        notes.append("the pixel size is that of the detector; what is imaged is smaller")
    if _is_negative(first):
        notes.append("low values are meant to be shown bright (MONOCHROME1)")
    if is_sheared(affine):
        notes.append(f"the axes deviate from right angles by {shear_degrees(affine):.1f}°")
    return notes
