"""One scan in two formats must be one volume: the same voxels at the same place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from napari_samunet import geometry
from napari_samunet.errors import ExportRefused
from napari_samunet.io.export import check_exportable
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume

pytestmark = pytest.mark.shared

GROUND_TRUTHS = (
    "ge/anatomical/001",
    "ge/fmri/001",
    "generic/anatomical/002_non_isotropic",
    "generic/compressed_rle/001",
    "generic/rgb/001",
    "hitachi/anatomical/001",
    "hyperfine/anatomical/001",
    "philips/anatomical/001",
    "philips/fmri/001",
    "philips_enhanced/anatomical/001",
    "philips_enhanced/fmri/001",
    "siemens/anatomical/001",
)
FOUR_DIMENSIONAL = ("ge/fmri/001", "philips/fmri/001", "philips_enhanced/fmri/001")


def in_order_of(volume: Volume, other: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Voxels and affine of ``other``, axes swapped and flipped into the order of ``volume``."""
    steps = np.linalg.solve(other.affine[:3, :3], volume.affine[:3, :3])
    order = np.abs(steps).argmax(axis=0)
    array, affine = other.array.transpose(order), other.affine[:, [*order, 3]].copy()
    for axis in range(3):
        if steps[order[axis], axis] < 0:
            array = np.flip(array, axis)
            affine[:, 3] += affine[:, axis] * (array.shape[axis] - 1)
            affine[:, axis] *= -1
    return array, affine


@pytest.mark.parametrize("name", GROUND_TRUTHS)
def test_a_dicom_series_is_the_nifti_that_an_independent_converter_made_of_it(
    shared_data: Path, name: str
) -> None:
    folder = shared_data / "dicom2nifti" / name
    frame = 0 if name in FOUR_DIMENSIONAL else None
    dicom = open_volume(folder, frame=frame)
    nifti = open_volume(folder.with_name(f"{folder.name}_ground_truth.nii.gz"), frame=frame)
    array, affine = in_order_of(dicom, nifti)
    assert geometry.grid_distance_mm(dicom.affine, affine, dicom.shape) < 1e-3
    assert array.shape == dicom.shape
    np.testing.assert_allclose(dicom.array, array, rtol=1e-6, atol=1e-3)


def test_time_points_of_a_dicom_series_come_in_the_order_of_its_nifti(shared_data: Path) -> None:
    folder = shared_data / "dicom2nifti/ge/fmri/001"
    for frame in range(2):
        dicom = open_volume(folder, frame=frame)
        nifti = open_volume(f"{folder}_ground_truth.nii.gz", frame=frame)
        assert np.array_equal(dicom.array, in_order_of(dicom, nifti)[0])


def test_an_oblique_dicom_series_is_its_nrrd(shared_data: Path) -> None:
    folder = shared_data / "dcmqi/paramaps"
    dicom, nrrd = open_volume(folder / "pm-example-dcm"), open_volume(folder / "pm-example.nrrd")
    assert np.array_equal(dicom.array, nrrd.array)
    np.testing.assert_allclose(dicom.affine, nrrd.affine, atol=1e-3)
    assert geometry.oblique_degrees(dicom.affine) > 5


def test_a_mask_drawn_elsewhere_lies_on_the_compressed_dicom_series(shared_data: Path) -> None:
    folder = shared_data / "totalsegmentator"
    ct, mask = (
        open_volume(folder / "example_ct_dicom"),
        open_volume(next(folder.rglob("*seg_dicom.nii.gz"))),
    )
    labels, affine = in_order_of(ct, mask)
    assert geometry.grid_distance_mm(ct.affine, affine, ct.shape) < 1e-3
    assert (ct.modality, ct.array.dtype) == ("CT", np.int16)
    assert 0 < np.median(ct.array[labels > 0]) < 200, "organs must have the density of organs"
    assert np.median(ct.array[:, :40, :40]) < -900, "beside the patient there is air"


@pytest.mark.parametrize(
    "syntax",
    [
        "BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2",
        "DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99",
        "JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90",
        "JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80",
        "JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70",
        "JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57",
        "RLELosslessTransferSyntax_1.2.840.10008.1.2.5",
    ],
)
def test_a_slice_is_the_same_however_it_was_compressed(shared_data: Path, syntax: str) -> None:
    folder = shared_data / "cornerstone"
    name = "CTImage.dcm_{}.dcm"
    plain = name.format("LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2")
    wanted, found = open_volume(folder / plain), open_volume(folder / name.format(syntax))
    assert np.array_equal(found.array, wanted.array)
    assert np.array_equal(found.affine, wanted.affine)


@pytest.mark.parametrize(
    "lossy",
    [
        "JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91",
        "JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81",
        "JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51",  # of 12 bits
    ],
)
def test_a_slice_that_lost_little_is_nearly_the_uncompressed_one(
    shared_data: Path, lossy: str
) -> None:
    folder = shared_data / "cornerstone"
    plain = "CTImage.dcm_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm"
    wanted, found = open_volume(folder / plain), open_volume(folder / f"CTImage.dcm_{lossy}.dcm")
    assert np.array_equal(found.affine, wanted.affine)
    assert np.abs(found.array.astype(int) - wanted.array).mean() < 5


def test_enhanced_images_are_the_same_however_they_were_compressed(shared_data: Path) -> None:
    folder = shared_data / "pydicom-data"
    wanted = open_volume(folder / "emri_small.dcm", frame=7)
    for kind in ("RLE", "big_endian", "jpeg_2k_lossless", "jpeg_ls_lossless"):
        found = open_volume(folder / f"emri_small_{kind}.dcm", frame=7)
        assert np.array_equal(found.array, wanted.array), kind
        assert np.array_equal(found.affine, wanted.affine), kind


def test_high_throughput_jpeg_2000_opens_in_colour(shared_data: Path) -> None:
    volume = open_volume(shared_data / "pydicom-data/HTJ2KLossless_08_RGB.dcm")
    assert volume.color.shape == (1, 480, 640, 3)
    assert volume.color.std() > 10


def test_a_big_endian_nifti_is_its_little_endian_twin(shared_data: Path) -> None:
    folder = shared_data / "nifti-reader-js"
    big, little = (open_volume(folder / f"{end}.nii.gz") for end in ("big", "little"))
    assert np.array_equal(big.array, little.array)
    assert np.array_equal(big.affine, little.affine)
    assert big.array.dtype.isnative, "arrays in a foreign byte order fail later, in the network"


def test_every_spelling_of_one_nrrd_is_the_same_volume(shared_data: Path) -> None:
    folder = shared_data / "pynrrd"
    plain = open_volume(folder / "BallBinary30x30x30.nrrd")
    for name in (
        "BallBinary30x30x30.nhdr",
        "BallBinary30x30x30_gz.nrrd",
        "BallBinary30x30x30_bz2.nrrd",
    ):
        other = open_volume(folder / name)
        assert np.array_equal(other.array, plain.array)
        assert np.array_equal(other.affine, plain.affine)


@pytest.mark.parametrize("frame", [0, 1])
def test_a_mosaic_is_the_stack_that_an_independent_converter_made_of_it(
    shared_data: Path, frame: int
) -> None:
    """dcm2niix reads the same private header, but with code of its own."""
    folder = shared_data / "dcm_qa_nih"
    mosaic = open_volume(folder / "In/20180918Si", frame=frame)
    wanted = open_volume(folder / "Ref/EPI_PE=AP_3.nii", frame=frame)
    array, affine = in_order_of(mosaic, wanted)
    np.testing.assert_array_equal(mosaic.array, array)
    np.testing.assert_allclose(mosaic.affine, affine, atol=1e-3)
    with pytest.raises(ExportRefused, match="mosaic"):
        check_exportable(mosaic, "labels.dcm", "dicom-seg")


def test_a_mosaic_of_united_imaging_lies_where_its_header_says(shared_data: Path) -> None:
    """Beside the corner of every slice, which is what is read, the header states its middle."""
    folder = shared_data / "dcm_qa_uih/DTI_132225/dti_tra_dir16_PA_rot_SaveBySlc__134057"
    volume = open_volume(folder, frame=0)
    assert volume.shape == (20, 64, 64)
    header = pydicom.dcmread(folder / "00000001.dcm", stop_before_pixels=True)
    frames = header.private_block(0x65, "Image Private Header")[0x51].value
    middles = [item[0x65, 0x1015].value for item in frames]
    found = geometry.index_to_world([(z, 32, 32) for z in range(20)], volume.affine)
    np.testing.assert_allclose(found, np.array(middles, float) * (-1, -1, 1), atol=1e-2)
    bright = np.argwhere(volume.array > 200)
    inside = bright[((bright[:, 1:] > 6) & (bright[:, 1:] < 58)).all(axis=1)]
    assert len(inside) > 0.99 * len(bright), "a head ends before the edges of its tile"
