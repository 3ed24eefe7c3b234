"""DICOM files of a folder, read without pixels and sorted into series."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID

from napari_samunet.errors import UnreadableFile, UnsupportedImage
from napari_samunet.io.dicom_inflate import check_inflated
from napari_samunet.io.dicom_search import (
    counted,
    files_below,
    kin_of,
    listed_in,
    may_be_dicom,
    says_dicom,
)
from napari_samunet.io.quiet import silent

NO_UID = "no UID"
"""What chooses the series of files that state none; all of those in a folder are one."""

_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_IMPLICIT_LITTLE = "1.2.840.10008.1.2"


@dataclass
class Series:
    """The image files of one DICOM series, as (path, dataset without pixels).

    ``missed`` are files that may be of it, too, and hold no image that can be read.
    """

    uid: str
    files: list[tuple[Path, Any]] = field(default_factory=list)
    missed: list[Path] = field(default_factory=list)

    def miss(self, files: list[Path], alone: bool) -> None:
        """Remember which of ``files`` may have been slices of this series.

        By their names, unless the series is ``alone``: what else would they be?
        """
        folders = {path.parent for path, _ in self.files}
        kin = {kin_of(path) for path, _ in self.files}
        self.missed = [
            file
            for file in files
            if kin_of(file) in kin or (alone and says_dicom(file) and file.parent in folders)
        ]

    @property
    def sharing_uid(self) -> int:
        """How many files share their SOPInstanceUID with another one."""
        told = Counter(text_of(dataset, "SOPInstanceUID") for _, dataset in self.files)
        return sum(count for uid, count in told.items() if uid and count > 1)

    @property
    def number(self) -> str:
        """SeriesNumber, or an empty string."""
        return text_of(self.files[0][1], "SeriesNumber")

    @property
    def is_aside(self) -> bool:
        """Whether it is made of localizers or secondary captures (screenshots, reports)."""
        return all(
            is_localizer(dataset) or text_of(dataset, "SOPClassUID").startswith(_CAPTURES)
            for _, dataset in self.files
        )

    @property
    def description(self) -> str:
        """SeriesDescription, or an empty string."""
        return text_of(self.files[0][1], "SeriesDescription")

    def __str__(self) -> str:
        first = self.files[0][1]
        size = f"{text_of(first, 'Columns')} × {text_of(first, 'Rows')}"  # noqa: RUF001
        what = (
            f"{text_of(first, 'Modality')} {self.description!r}, {len(self.files)} files of {size}"
        )
        return f"series {self.number or '-'}: {what}, {self.uid and 'UID '}{self.uid or NO_UID}"


def series_mark(dataset: Any) -> str:
    """SHA-256 of the SeriesInstanceUID in hex: tells a series again without naming it; or ""."""
    uid = text_of(dataset, "SeriesInstanceUID")
    return sha256(uid.encode()).hexdigest() if uid else ""


def is_localizer(dataset: Any) -> bool:
    """Whether an image only shows where others lie."""
    return "LOCALIZER" in text_of(dataset, "ImageType").upper()


def text_of(dataset: Any, keyword: str) -> str:
    """A value as text; empty where it is missing or malformed."""
    try:
        value = dataset.get(keyword)
    except (ValueError, TypeError, AttributeError, NotImplementedError):
        return ""
    return "" if value is None else str(value).strip()


def read_header(path: Path) -> Any:
    """Read a DICOM file without its pixels.

    Raises
    ------
    UnreadableFile
        If it is no DICOM, its header is damaged, or it unpacks to more than memory holds.
    """
    try:
        with silent():
            check_inflated(path)
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            known = any(key in dataset for key in ("SOPClassUID", "Rows", "Modality"))
    except FileNotFoundError:
        raise UnreadableFile(f"{path} does not exist: check the name and the folder.") from None
    except UnreadableFile:
        raise
    except Exception as error:  # pydicom raises nearly anything on damaged files
        raise UnreadableFile(
            f"{path} is damaged DICOM ({type(error).__name__}): export or copy it again."
        ) from None
    if not (known or _is_directory(dataset)) or _is_cut(dataset):
        raise UnreadableFile(f"{path} is no DICOM image, or only the start of one.")
    return dataset


def is_image_file(path: Path) -> bool:
    """Whether a file is a DICOM image: neither a segmentation nor a structure set."""
    try:
        dataset = _header_or_none(path)
    except UnreadableFile:
        return False
    return dataset is not None and _is_image(dataset)


def series_of(path: Path) -> tuple[list[Series], tuple[str, ...]]:
    """Sort the images of a file, a folder or a DICOMDIR into series, and note what was left out.

    Raises
    ------
    UnreadableFile
        If there is no DICOM image.
    UnsupportedImage
        If a single file is DICOM without an image (a structure set, a report, a segmentation).
    """
    if path.is_dir():
        return _sorted_into_series(path, *files_below(path))
    dataset = read_header(path)
    if _is_directory(dataset):
        return _sorted_into_series(path, listed_in(path, dataset), [])
    if not _is_image(dataset):
        raise UnsupportedImage(
            f"{path} is DICOM of the kind {_kind_of(dataset)}, not an image: open the image series."
        )
    return [Series(text_of(dataset, "SeriesInstanceUID"), [(path, dataset)])], ()


def _sorted_into_series(
    path: Path, files: list[Path], locked: list[Path]
) -> tuple[list[Series], tuple[str, ...]]:
    found: dict[str, Series] = {}
    broken, foreign = list(locked), []
    left_out = 0
    for file in files:
        try:
            dataset = _header_or_none(file)
        except UnreadableFile:
            broken.append(file)
            continue
        if dataset is None:
            foreign.append(file)
        elif not _is_image(dataset):
            left_out += 1
        else:
            uid = text_of(dataset, "SeriesInstanceUID")
            found.setdefault(uid, Series(uid)).files.append((file, dataset))
    if not found:
        raise UnreadableFile(
            f"{path} holds no DICOM images ({len(files)} files looked at"
            f"{f'; cannot be read: {counted(broken)}' if broken else ''}): "
            "open a file in it, or the folder of a series."
        )
    for series in found.values():
        series.miss(broken + [file for file in foreign if says_dicom(file)], len(found) == 1)
    missed = [file for series in found.values() for file in series.missed]
    unread = list(dict.fromkeys(broken + missed))
    notes = []
    if unread:
        notes.append(f"cannot be read: {counted(unread)}")
    if left_out:
        notes.append(f"{left_out} DICOM files without an image were left out")
    return list(found.values()), tuple(notes)


def _header_or_none(file: Path) -> Any | None:
    """Header of a DICOM file; None of something else."""
    return read_header(file) if may_be_dicom(file) else None


def _is_directory(dataset: Any) -> bool:
    meta = getattr(dataset, "file_meta", None)
    return meta is not None and text_of(meta, "MediaStorageSOPClassUID") == _MEDIA_DIRECTORY


def _is_image(dataset: Any) -> bool:
    sized = text_of(dataset, "Rows").isdigit() and text_of(dataset, "Columns").isdigit()
    return sized and text_of(dataset, "Modality") != "SEG" and not _is_directory(dataset)


def _is_cut(dataset: Any) -> bool:
    """Whether a header says that an image follows, and ends before its size."""
    is_image = UID(text_of(dataset, "SOPClassUID")).name.endswith("Image Storage")
    return is_image and not ("Rows" in dataset or "Columns" in dataset)


def _kind_of(dataset: Any) -> str:
    uid = text_of(dataset, "SOPClassUID")
    return UID(uid).name if uid else text_of(dataset, "Modality") or "unknown"


def transfer_syntax_of(dataset: Any) -> UID:
    """Transfer syntax; Implicit VR Little Endian where an old file states none."""
    meta = getattr(dataset, "file_meta", None)
    uid = text_of(meta, "TransferSyntaxUID") if meta is not None else ""
    return UID(uid or _IMPLICIT_LITTLE)
