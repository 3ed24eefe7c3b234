"""Single made-up CT slices, with whatever is to be odd about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

ROWS, COLUMNS = 4, 6


def save_slice(folder: Path, number: int, **tags: object) -> Path:
    """One CT slice of 3 mm spacing whose stored values are 100 × its number and up."""
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"1.2.{number + 1}"
    dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.Modality = "1.2.3", 7, "CT"
    dataset.SeriesDescription, dataset.InstanceNumber = "Portal", number
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.ImagePositionPatient = [10, 20, 30 + 3 * number]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.8]
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    values = 100 * number + np.arange(ROWS * COLUMNS, dtype=np.uint16)
    dataset.PixelData = values.tobytes()
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir())):03d}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def expected(number: int) -> np.ndarray:
    return (100 * number + np.arange(ROWS * COLUMNS)).reshape(ROWS, COLUMNS) - 1024
