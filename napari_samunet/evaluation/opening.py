"""What opening a large CT costs: seconds, and memory against the voxels that it holds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from napari_samunet.evaluation.costs import peak_memory
from napari_samunet.evaluation.timing import Row, take_turns
from napari_samunet.io.open import open_volume
from napari_samunet.types import AnyArray

_SIDE = 512
_SPACING = (0.8, 0.8, 1.0)
_MB = 2**20


def opening(repeat: int, count: int = 600, side: int = _SIDE) -> list[Row]:
    """Measure the opening of one CT as uncompressed DICOM and as NIfTI, files warm in the cache.

    Parameters
    ----------
    repeat
        Repetitions of each.
    count, side
        Slices, and their rows and columns.

    Returns
    -------
    list of Row
        For each format the times, and the most memory that was in use beyond that of before, as a
        share of the voxels' own.
    """
    with TemporaryDirectory() as folder:
        voxels = _noise(count, side)
        return [
            row
            for name, path in _written(Path(folder), voxels).items()
            for row in _measured(
                f"a CT of {count} slices of {side} x {side} ({name})", path, voxels.nbytes, repeat
            )
        ]


def _measured(what: str, path: Path, size: int, repeat: int) -> list[Row]:
    def once(_turn: int = 0) -> None:
        open_volume(path)

    times = take_turns(f"open {what}", {"ours": once}, repeat)
    share = 100 * peak_memory(once) * _MB / size
    return [*times, Row(f"peak memory of opening {what}", "ours", (share,), "%", "of its voxels")]


def _noise(count: int, side: int) -> AnyArray:
    """Slices (Z, Y, X) of noise as coarse as that of a CT, every one another."""
    plane = np.random.default_rng(7).normal(40, 60, (side, side)).astype(np.int16)
    return np.stack([np.roll(plane, n, axis=n % 2) for n in range(count)])


def _written(folder: Path, array_zyx: AnyArray) -> dict[str, Path]:
    files = {"DICOM": folder / "dicom", ".nii": folder / "ct.nii", ".nii.gz": folder / "ct.nii.gz"}
    _write_series(files["DICOM"], array_zyx)
    image = nibabel.Nifti1Image(array_zyx.T, np.diag([*_SPACING, 1.0]))
    for name in (".nii", ".nii.gz"):
        nibabel.save(image, files[name])
    return files


def _write_series(folder: Path, array_zyx: AnyArray) -> None:
    folder.mkdir()
    image = _header(array_zyx.shape[1:])
    for number, plane in enumerate(array_zyx):
        image.SOPInstanceUID, image.InstanceNumber = generate_uid(), number + 1
        image.ImagePositionPatient = [0, 0, number * _SPACING[2]]
        image.PixelData = plane.tobytes()
        image.save_as(folder / f"{number:04d}.dcm", enforce_file_format=True)


def _header(shape_yx: tuple[int, ...]) -> pydicom.Dataset:
    image = pydicom.Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SeriesInstanceUID = CTImageStorage, generate_uid()
    image.Modality, image.PixelSpacing = "CT", list(_SPACING[:2])
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.Rows, image.Columns = shape_yx
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 1
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    return image
