"""Labels as NIfTI, with the geometry of their source bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.nifti1 import intent_codes

from napari_samunet.errors import ExportRefused
from napari_samunet.geometry import is_sheared, reverse_axes, shear_degrees
from napari_samunet.io.volume import Volume
from napari_samunet.types import AnyArray

_MM = 2


def write_nifti_labels(labels_zyx: AnyArray, volume: Volume, path: Path) -> None:
    """Write labels as ``.nii`` or ``.nii.gz``, without their names: few read an extension.

    Parameters
    ----------
    labels_zyx : ndarray of unsigned int, shape (Z, Y, X)
    volume : Volume
        A NIfTI source lends its header; any other source gives a sform and a qform of code 1.
    path : Path

    Raises
    ------
    ExportRefused
        If the axes of a source that is not NIfTI are sheared.
    """
    stored = labels_zyx.T
    header = _header(volume)
    _describe(header, stored)
    klass = nib.Nifti2Image if isinstance(header, nib.Nifti2Header) else nib.Nifti1Image
    nib.save(klass(stored, None, header), path)


def _header(volume: Volume) -> Any:
    if volume.source.kind == "nifti":
        return _copied(volume.source.header)
    _refuse_shear(volume)
    header = nib.Nifti1Header()
    header.set_data_shape(volume.shape[::-1])
    affine_xyz = reverse_axes(volume.affine)
    header.set_qform(affine_xyz, code=1)
    header.set_sform(affine_xyz, code=1)
    header["xyzt_units"] = _MM
    return header


def _refuse_shear(volume: Volume) -> None:
    if is_sheared(volume.affine):
        raise ExportRefused(
            f"The image's axes deviate from right angles by {shear_degrees(volume.affine):.1f}°, "
            "which ITK's NIfTI reader straightens, so the labels would lie askew: export to .nrrd."
        )


def _copied(source: Any) -> Any:
    """The source's header as that of a single file, every field kept; a pair differs in name."""
    klass = nib.Nifti2Header if isinstance(source, nib.Nifti2Header) else nib.Nifti1Header
    return klass(source.binaryblock, source.endianness, check=False)


def _describe(header: Any, stored_xyz: AnyArray) -> None:
    """Say that these are labels; drop what described the image's intensities."""
    header.set_data_shape(stored_xyz.shape)
    header.set_data_dtype(stored_xyz.dtype)
    header.set_slope_inter(1, 0)
    header["magic"] = header.single_magic
    header["vox_offset"] = 0  # nibabel sets it when it writes
    header["cal_min"] = header["cal_max"] = 0
    header["intent_code"] = intent_codes["label"]
    header["intent_p1"] = header["intent_p2"] = header["intent_p3"] = 0
    header["intent_name"] = b""
    header["descrip"] = b"napari-samunet labels"
    header["aux_file"] = b""
    for field in ("data_type", "db_name"):  # of NIfTI-1 alone; converters put the patient there
        if field in header:
            header[field] = b""
    np.put(header["pixdim"], [4, 5, 6, 7], 0.0)
