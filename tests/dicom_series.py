"""A made-up DICOM series with everything that other objects may refer to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

PATIENT = "Doe^Jane"
PATIENT_ID = "id-4711"
BIRTH = "19610412"


def save_series(
    folder: Path,
    shape: tuple[int, int, int] = (4, 20, 24),
    turn: np.ndarray | None = None,
    spacing: tuple[float, float, float] = (3.0, 0.8, 0.7),
    origin: tuple[float, float, float] = (-40.0, 12.5, 7.25),
) -> Path:
    """Write a CT of even slices; ``turn`` (3, 3) rotates columns, rows and slices in LPS."""
    turn = np.eye(3) if turn is None else turn
    uids = {word: generate_uid() for word in ("Study", "Series", "FrameOfReference")}
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(shape[0]):
        image = _slice(number, shape, uids)
        cosines = [float(f"{value:.10f}") for value in (*turn[:, 0], *turn[:, 1])]
        image.ImageOrientationPatient = cosines
        normal = np.cross(cosines[:3], cosines[3:])
        image.ImagePositionPatient = [
            f"{mm:.8f}"[:16] for mm in origin + number * spacing[0] * normal
        ]
        image.PixelSpacing, image.SliceThickness = list(spacing[1:]), spacing[0]
        image.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
    return folder


def _slice(number: int, shape: tuple[int, int, int], uids: dict[str, str]) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.PatientName, image.PatientID, image.PatientBirthDate = PATIENT, PATIENT_ID, BIRTH
    image.PatientSex, image.StudyDate, image.StudyTime = "F", "20240229", "121500"
    image.AccessionNumber, image.ReferringPhysicianName, image.StudyID = "A-99", "Roe^Rick", "S7"
    image.StudyInstanceUID, image.SeriesInstanceUID = uids["Study"], uids["Series"]
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = uids["FrameOfReference"], ""
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 3, number + 1
    image.Rows, image.Columns = shape[1:]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 1
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    values = np.arange(shape[1] * shape[2]).reshape(shape[1:]) % 1000 + 700 + number
    image.PixelData = values.astype(np.int16).tobytes()
    return image
