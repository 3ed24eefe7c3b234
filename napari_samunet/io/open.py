"""One door for every kind of image: what a file is decides who reads it, not only its name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.gunzip import DAMAGED, unpacked
from napari_samunet.io.nifti import nifti_magic, pair_of
from napari_samunet.io.paths import exists, is_file, is_folder
from napari_samunet.io.volume import SourceKind, Volume

KNOWN = ".nii .nii.gz .hdr/.img .nrrd .nhdr .mha .mhd .gipl .dcm .png .jpg .tif"
"""What can be opened, for messages."""

_START = 352
_GIPL_OFFSET, _GIPL_MAGICS = 252, (b"\xef\xff\xe9\xb0", b"\x2a\xe3\x89\xb8")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZIP = b"PK\x03\x04"
_AFNI = re.compile(r"\.(HEAD|BRIK(\.(gz|bz2|Z))?)$", re.IGNORECASE)
_SITK_SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd", ".gipl", ".gipl.gz")


def open_volume(
    path: str | Path,
    series: int | str | None = None,
    frame: int | None = None,
    resample: bool = False,
    keep_tilt: bool = False,
) -> Volume:
    """Open a medical image as a volume.

    Parameters
    ----------
    path : str or Path
        NIfTI, NRRD, MetaImage, GIPL, DICOM (a file or a folder of one or more series), PNG, JPEG or
        TIFF.
    series : int or str, optional
        Which DICOM series of a folder: SeriesNumber, SeriesInstanceUID ("no UID" for the one that
        states none) or description.
    frame : int, optional
        Which time point, frame or page, counted from 0.
    resample : bool
        Whether DICOM slices that lie unevenly or askew are interpolated onto an even grid. They
        are refused otherwise.
    keep_tilt : bool
        Whether slices that lie askew behind a tilted gantry are taken as they were scanned, as a
        sheared grid.

    Returns
    -------
    Volume
        Voxels in storage order and in the file's own units.

    Raises
    ------
    UnreadableFile
        If the file is missing, empty, damaged or of no known kind.
    UnsupportedImage
        If it was understood but is no volume that can be shown.
    UnevenSlices
        If DICOM slices make no even grid and ``resample`` is False; `TiltedSlices` where a tilted
        gantry is all that is odd.
    ChoiceNeeded
        If it holds several series, frames or time points and none was chosen.
    InputError
        If no file was named, or a series of what is no DICOM.
    """
    if not str(path):  # pathlib takes it for the folder that the program runs in
        raise InputError("A file or folder was to be opened, but none was named.")
    volume = _read(Path(path).expanduser(), series, frame, resample, keep_tilt)
    opened = {"frame": frame, "resample": resample, "keep_tilt": keep_tilt}
    return replace(volume, source=replace(volume.source, opened=opened))


def _read(
    path: Path, series: int | str | None, frame: int | None, resample: bool, keep_tilt: bool
) -> Volume:
    kind = kind_of(path)
    if series is not None and kind != "dicom":
        raise InputError(f"{path} is no DICOM, so it has no series to choose: leave series out.")
    if kind == "dicom":
        from napari_samunet.io.dicom import read_dicom

        return read_dicom(path, series, frame, resample, keep_tilt)
    if kind == "nifti":
        from napari_samunet.io.nifti import read_nifti

        return read_nifti(path, frame)
    if kind == "sitk":
        from napari_samunet.io.simpleitk import read_simpleitk

        return read_simpleitk(path, frame)
    from napari_samunet.io.picture import read_picture

    return read_picture(path, frame)


def kind_of(path: Path) -> SourceKind:
    """Say which reader a file needs: "nifti", "sitk", "dicom" (folders too) or "picture".

    Raises
    ------
    UnreadableFile
        If there is no such file, it cannot be read, is empty, or is of no known kind.
    """
    if is_folder(path):
        return "dicom"
    start = _start(path)
    if nifti_magic(start) or nifti_magic(_start(pair_of(path)[0])):
        return "nifti"
    if _is_sitk(path, start):
        return "sitk"
    if start[128:132] == b"DICM":  # before pictures: a DICOM file may begin like a TIFF
        return _plain_dicom(path)
    if start.startswith(_PICTURES):
        return "picture"
    if _looks_like_dicom(path, start):
        return _plain_dicom(path)
    raise UnreadableFile(
        f"{path} is no image of a known kind; wanted one of {KNOWN}.{_hint(path, start)}"
    )


def _start(path: Path) -> bytes:
    """First bytes of a file, unpacked where it is gzipped."""
    if exists(path) and not is_file(path):  # a pipe would be waited for without end
        raise UnreadableFile(f"{path} is neither a file nor a folder: choose an image file.")
    try:
        with unpacked(path) as file:
            start = file.read(_START)
    except FileNotFoundError:
        raise UnreadableFile(f"{path} does not exist: check the name and the folder.") from None
    except DAMAGED:
        raise UnreadableFile(
            f"{path} is gzipped but truncated or damaged: copy it again."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"{path} cannot be read: {reason}.") from None
    if not start:
        raise UnreadableFile(f"{path} is empty: copy or export it again.")
    return start


def _is_sitk(path: Path, start: bytes) -> bool:
    if start.startswith(b"NRRD0") or start[_GIPL_OFFSET : _GIPL_OFFSET + 4] in _GIPL_MAGICS:
        return True
    return path.name.lower().endswith((".mha", ".mhd")) or start.lstrip().startswith(
        (b"ObjectType", b"NDims")
    )


def _plain_dicom(path: Path) -> SourceKind:
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            raise UnreadableFile(f"{path} is gzipped DICOM: unpack it first (gunzip).")
    return "dicom"


def _looks_like_dicom(path: Path, start: bytes) -> bool:
    """Tell old DICOM without a preamble by its first element: group 2 or 8, and a sane length."""
    if path.suffix.lower() in (".dcm", ".dicom") or path.name.upper() == "DICOMDIR":
        return True
    groups = (b"\x02\x00\x00\x00", b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")
    return start.startswith(groups) and len(start) >= 132


def _hint(path: Path, start: bytes) -> str:
    """Name what the suffix promised, so that a damaged file is told from a wrong one, or tell how
    to get an image out of it.
    """
    suffix, name = path.name.lower(), path.name
    if start.startswith(_ZIP):
        return " It is a zip archive: unpack it and open the folder."
    if suffix.endswith((".mgz", ".mgh")):
        return f" It is one of FreeSurfer: convert it (mri_convert {name} {name[:-4]}.nii.gz)."
    if found := _AFNI.search(name):
        return f" It is one of AFNI: convert it (3dAFNItoNIFTI {name[: found.start()]}.HEAD)."
    if suffix.endswith((".nii", ".nii.gz")):
        return " It is named like NIfTI, but has no NIfTI header."
    if suffix.endswith(_SITK_SUFFIXES):
        return " It is named like NRRD or MetaImage, but has no such header."
    return ""
