"""NIfTI opens in storage order, in its own numbers and place; what is odd is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_samunet.errors import ChoiceNeeded, InputError, UnreadableFile, UnsupportedImage
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import UNSIZED


def save(path: Path, array: np.ndarray, affine: np.ndarray | None = None, **fields: object) -> Path:
    image = nib.Nifti1Image(array, np.eye(4) if affine is None else affine)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def stored(shape: tuple[int, ...] = (6, 5, 4), dtype: type = np.int16) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@settings(max_examples=25, deadline=None)
@given(numbers=st.lists(st.floats(-50, 50, width=32), min_size=12, max_size=12))
def test_the_affine_is_the_files_matrix_with_its_columns_exchanged(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    matrix = np.eye(4)
    matrix[:3] = np.array(numbers).reshape(3, 4)
    matrix[:3, :3] += 200 * np.eye(3)  # far from flat
    path = save(tmp_path_factory.mktemp("nifti") / "a.nii", stored(), matrix)
    affine = open_volume(path).affine
    assert np.array_equal(affine[:, [2, 1, 0, 3]], nib.load(path).affine)


def test_voxels_keep_storage_order_and_type(tmp_path: Path) -> None:
    volume = open_volume(save(tmp_path / "a.nii.gz", stored()))
    assert volume.array[3, 2, 1] == stored()[1, 2, 3]
    assert volume.array.dtype == np.int16
    assert volume.source.kind == "nifti"


def test_scaling_gives_float32_in_the_files_units(tmp_path: Path) -> None:
    image = nib.Nifti1Image(stored(), np.eye(4))
    image.header.set_slope_inter(0.5, -1024)
    nib.save(image, tmp_path / "a.nii")
    raw = (tmp_path / "a.nii").read_bytes()
    header = nib.Nifti1Header(raw[:348])
    header["scl_slope"], header["scl_inter"] = 0.5, -1024
    (tmp_path / "a.nii").write_bytes(header.binaryblock + raw[348:])
    volume = open_volume(tmp_path / "a.nii")
    assert volume.array.dtype == np.float32
    np.testing.assert_allclose(volume.array, np.asarray(nib.load(tmp_path / "a.nii").dataobj).T)


def test_sform_wins_over_qform_and_a_useless_one_is_left_aside(tmp_path: Path) -> None:
    image = nib.Nifti1Image(stored(), np.diag([1.0, 2, 3, 1]))
    image.set_qform(np.diag([2.0, 2, 2, 1]), code=1)
    nib.save(image, tmp_path / "a.nii")
    np.testing.assert_allclose(open_volume(tmp_path / "a.nii").spacing, (3, 2, 1))
    raw = (tmp_path / "a.nii").read_bytes()
    header = nib.Nifti1Header(raw[:348])
    for row in ("srow_x", "srow_y", "srow_z"):
        header[row] = 0
    (tmp_path / "b.nii").write_bytes(header.binaryblock + raw[348:])
    volume = open_volume(tmp_path / "b.nii")
    np.testing.assert_allclose(volume.spacing, (2, 2, 2))
    assert "the sform is unusable" in volume.source.notes[0]


def test_which_matrix_was_taken_is_told_and_that_the_other_contradicts_it(tmp_path: Path) -> None:
    image = nib.Nifti1Image(stored(), np.diag([1.0, 2, 3, 1]))
    image.set_sform(np.diag([1.0, 2, 3, 1]), code=4)
    image.set_qform(np.diag([1.0, 2, 3, 1]), code=1)
    nib.save(image, tmp_path / "a.nii")
    agreed = open_volume(tmp_path / "a.nii").source
    assert (agreed.place, agreed.notes) == ("sform, MNI", ())
    moved = np.diag([1.0, 2, 3, 1])
    moved[0, 3] = 12.5
    image.set_qform(moved, code=1)
    nib.save(image, tmp_path / "b.nii")
    (note,) = open_volume(tmp_path / "b.nii").source.notes
    assert "the qform places it up to 12.5 mm elsewhere than the sform" in note
    image.set_sform(None, code=0)
    nib.save(image, tmp_path / "c.nii")
    assert open_volume(tmp_path / "c.nii").source.place == "qform, scanner"
    image.set_qform(None, code=0)
    nib.save(image, tmp_path / "d.nii")
    assert open_volume(tmp_path / "d.nii").source.place is None


@pytest.mark.parametrize(("unit", "in_mm"), [("micron", 1e-3), ("meter", 1e3), ("mm", 1.0)])
@pytest.mark.parametrize("placed_by", ["sform", "qform", "spacing"])
def test_lengths_are_millimetres_whatever_unit_the_file_states(
    tmp_path: Path, unit: str, in_mm: float, placed_by: str
) -> None:
    image = nib.Nifti1Image(stored(), np.diag([0.5, 0.5, 2, 1]))
    image.affine[:3, 3] = (5, -6, 7)
    matrix = image.affine / np.array([[in_mm]] * 3 + [[1.0]])
    image.set_sform(matrix, code=1 if placed_by == "sform" else 0)
    image.set_qform(matrix, code=1 if placed_by == "qform" else 0)
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "a.nii")
    volume = open_volume(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.spacing, (2, 0.5, 0.5), rtol=1e-6)
    if placed_by != "spacing":
        np.testing.assert_allclose(volume.affine[:3, 3], (5, -6, 7), rtol=1e-6)
    assert any("were turned into mm" in note for note in volume.source.notes) == (unit != "mm")


def test_time_points_have_to_be_chosen(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", stored((6, 5, 4, 3)))
    with pytest.raises(ChoiceNeeded, match=r"3 time points.*frame=2") as caught:
        open_volume(path)
    assert caught.value.choices == ("frame 0", "frame 1", "frame 2")
    for frame in range(3):
        assert np.array_equal(
            open_volume(path, frame=frame).array.T, stored((6, 5, 4, 3))[..., frame]
        )
    with pytest.raises(InputError, match="no frame 3: it holds frames 0 to 2"):
        open_volume(path, frame=3)


def test_trailing_axes_of_one_are_no_obstacle_and_more_axes_are_refused(tmp_path: Path) -> None:
    assert open_volume(save(tmp_path / "a.nii", stored((6, 5, 4, 1, 1)))).shape == (4, 5, 6)
    assert open_volume(save(tmp_path / "b.nii", stored((6, 5)))).shape == (1, 5, 6)
    with pytest.raises(UnsupportedImage, match=r"5 axes.*3 axes, or 4 with time"):
        open_volume(save(tmp_path / "c.nii", stored((6, 5, 4, 1, 3))))
    with pytest.raises(UnsupportedImage, match="one axis"):
        open_volume(save(tmp_path / "d.nii", stored((6,))))


def test_colours_are_kept_beside_their_brightness(tmp_path: Path) -> None:
    array = np.zeros((6, 5, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    array["G"] = 100
    volume = open_volume(save(tmp_path / "a.nii", array))
    assert volume.color.shape == (4, 5, 6, 3)
    assert volume.color[0, 0, 0].tolist() == [0, 100, 0]
    assert (volume.array == 59).all()


def test_complex_and_nan_images_are_refused(tmp_path: Path) -> None:
    for name, array in (
        ("c.nii", stored(dtype=np.complex64)),
        ("n.nii", np.full((6, 5, 4), np.nan, np.float32)),
    ):
        with pytest.raises(UnsupportedImage, match=name):
            open_volume(save(tmp_path / name, array))


def test_the_files_display_range_becomes_the_window(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", stored(), cal_min=10, cal_max=50)
    assert open_volume(path).window == (10, 50)
    assert open_volume(save(tmp_path / "b.nii", stored(), cal_min=0, cal_max=119)).window is None


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    zipped = save(tmp_path / "a.nii.gz", stored())
    (tmp_path / "b.nii").write_bytes(zipped.read_bytes())
    (tmp_path / "c.dcm").write_bytes(gzip.decompress(zipped.read_bytes()))
    for name in ("b.nii", "c.dcm"):
        assert np.array_equal(open_volume(tmp_path / name).array.T, stored())


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_named_in_one_line(tmp_path: Path, name: str, share: float) -> None:
    random = np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16)
    path = save(tmp_path / name, random)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableFile, match=r"truncated|damaged") as caught:
        open_volume(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_that_promises_terabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", stored())
    header = nib.Nifti1Header(path.read_bytes()[:348])
    header.set_data_shape((32000, 32000, 32000))
    path.write_bytes(header.binaryblock + b"\0" * 500)
    with pytest.raises(UnreadableFile, match="truncated: its header promises"):
        open_volume(path)


def test_half_a_pair_names_what_is_missing(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(stored(), np.eye(4)), tmp_path / "a.img")
    assert np.array_equal(open_volume(tmp_path / "a.hdr").array.T, stored())
    assert np.array_equal(open_volume(tmp_path / "a.img").array.T, stored())
    (tmp_path / "a.img").unlink()
    with pytest.raises(UnreadableFile, match=r"a\.img is missing"):
        open_volume(tmp_path / "a.hdr")


@pytest.mark.shared
def test_big_and_little_endian_files_are_the_same_image(shared_data: Path) -> None:
    big, little = (
        open_volume(shared_data / f"nifti-reader-js/{n}.nii.gz") for n in ("big", "little")
    )
    assert np.array_equal(big.array, little.array)
    assert np.array_equal(big.affine, little.affine)


@pytest.mark.shared
def test_a_real_five_dimensional_file_is_refused(shared_data: Path) -> None:
    with pytest.raises(UnsupportedImage, match="5 axes"):
        open_volume(shared_data / "nifti-reader-js/5D_zeros.nii.gz")


def test_scaling_of_32_bit_voxels_loses_no_digit(tmp_path: Path) -> None:
    image = nib.Nifti1Image(stored().astype(np.int32) + 2**30, np.eye(4))
    nib.save(image, tmp_path / "a.nii")
    raw = (tmp_path / "a.nii").read_bytes()
    header = nib.Nifti1Header(raw[:348])
    header["scl_slope"], header["scl_inter"] = 1, 0.5
    (tmp_path / "a.nii").write_bytes(header.binaryblock + raw[348:])
    wanted = (stored().astype(np.float64) + 2**30 + 0.5).T
    assert np.array_equal(open_volume(tmp_path / "a.nii").array, wanted)


def test_an_open_image_survives_that_its_file_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    nib.save(nib.Nifti1Image(stored(), np.eye(4)), path)
    volume = open_volume(path)
    path.write_bytes(b"")  # a memory-mapped array would now end the process
    assert np.array_equal(volume.array, stored().T)


@pytest.mark.parametrize(
    ("shape", "steps_xyz", "code", "sized"),
    [
        ((6, 5, 4), (0.5, 0.5, 2), 0, "voxel"),
        ((6, 5, 4), (0.5, 0.5, 2), 1, "voxel"),
        ((6, 5, 1), (0.5, 0.5, 2), 0, "voxel"),
        ((6, 5, 4), (0.5, 0.5, 0), 0, "pixel"),
        ((6, 5, 4), (0, 0, 0), 0, ""),
        ((6, 5, 4), (0, 0, 0), 1, ""),
        ((6, 5), (0.5, 0.5, 1), 0, "pixel"),
    ],
)
def test_a_step_that_the_file_leaves_out_is_no_millimetre(
    tmp_path: Path, shape: tuple[int, ...], steps_xyz: tuple[float, ...], code: int, sized: str
) -> None:
    """Else a table would state volumes that nobody measured."""
    path = save(tmp_path / "a.nii", stored(shape), sform_code=0, qform_code=0)
    raw = path.read_bytes()
    header = nib.Nifti1Header(raw[:348], check=False)
    header["pixdim"][1:4], header["qform_code"], header["sform_code"] = steps_xyz, code, 0
    path.write_bytes(header.binaryblock + raw[348:])
    source = open_volume(path).source
    assert source.sized == sized
    assert (UNSIZED in source.notes) == (sized == "")


@pytest.mark.parametrize(
    ("shape", "along_z", "sized"),
    [
        ((6, 5, 4), 2, "voxel"),
        ((6, 5, 1), 2, "voxel"),
        ((6, 5, 1), 0, "pixel"),
        ((6, 5), 1, "pixel"),
    ],
)
def test_an_sform_states_the_size_of_voxels_whatever_the_steps(
    tmp_path: Path, shape: tuple[int, ...], along_z: float, sized: str
) -> None:
    path = save(tmp_path / "a.nii", stored(shape), np.diag([0.5, 0.5, 1, 1]))
    raw = path.read_bytes()
    header = nib.Nifti1Header(raw[:348])
    header["pixdim"][1:4], header["srow_z"][2], header["sform_code"] = 0, along_z, 1
    path.write_bytes(header.binaryblock + raw[348:])
    assert open_volume(path).source.sized == sized
