"""NRRD, MetaImage and GIPL open in storage order and in RAS+ millimetres."""

from __future__ import annotations

import bz2
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import ChoiceNeeded, InputError, UnreadableFile, UnsupportedImage
from napari_samunet.io import simpleitk
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import UNSIZED


def save(path: Path, array: np.ndarray, compress: bool = False, vector: bool = False) -> Path:
    image = sitk.GetImageFromArray(array, isVector=vector)
    if image.GetDimension() == 3:
        image.SetOrigin((1, 2, 3))
        image.SetSpacing((0.5, 0.6, 7))
        image.SetDirection((0, -1, 0, 1, 0, 0, 0, 0, 1))
    sitk.WriteImage(image, str(path), useCompression=compress)
    return path


def noise(*shape: int, dtype: type = np.int16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("compress", [False, True])
def test_voxels_and_place_are_those_of_the_file(tmp_path: Path, name: str, compress: bool) -> None:
    volume = open_volume(save(tmp_path / name, noise(4, 5, 6), compress))
    assert np.array_equal(volume.array, noise(4, 5, 6))
    assert volume.array.dtype == np.int16
    np.testing.assert_allclose(volume.spacing, (7, 0.6, 0.5))
    # One step along x goes 0.5 mm along LPS y, so 0.5 mm towards posterior: RAS -0.5.
    np.testing.assert_allclose(volume.affine @ (0, 0, 1, 1), (-1, -2.5, 3, 1))
    np.testing.assert_allclose(volume.affine @ (0, 1, 0, 1), (-0.4, -2, 3, 1))


def test_gipl_opens_and_a_truncated_one_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.gipl", noise(4, 5, 6))
    assert np.array_equal(open_volume(path).array, noise(4, 5, 6))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UnreadableFile, match=r"a\.gipl is truncated"):
        open_volume(path)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha", "z.nrrd", "z.mha"])
@pytest.mark.parametrize("share", [0.05, 0.6, 0.98])
def test_a_truncated_file_is_named_and_nothing_else_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, share: float
) -> None:
    path = save(tmp_path / name, noise(20, 20, 20), name.startswith("z"))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UnreadableFile, match=name) as caught:
        open_volume(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_header_without_its_data_file_names_it(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mhd", noise(4, 5, 6))
    (tmp_path / "a.raw").unlink()
    with pytest.raises(UnreadableFile, match=r"keeps its voxels in a\.raw, which is missing"):
        open_volume(path)


def test_time_points_have_to_be_chosen(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mha", noise(3, 4, 5, 6))
    with pytest.raises(ChoiceNeeded, match="3 frames"):
        open_volume(path)
    assert np.array_equal(open_volume(path, frame=1).array, noise(3, 4, 5, 6)[1])
    with pytest.raises(InputError, match="no frame 3"):
        open_volume(path, frame=3)


def test_components_that_are_no_colour_count_as_time_points(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nrrd", noise(4, 5, 6, 2), vector=True)
    with pytest.raises(ChoiceNeeded):
        open_volume(path)
    assert np.array_equal(open_volume(path, frame=1).array, noise(4, 5, 6, 2)[..., 1])


def test_colours_are_kept_beside_their_brightness(tmp_path: Path) -> None:
    color = noise(4, 5, 6, 3, dtype=np.uint8)
    volume = open_volume(save(tmp_path / "a.nrrd", color, vector=True))
    assert np.array_equal(volume.color, color)
    assert volume.array.shape == (4, 5, 6)


@pytest.mark.parametrize(("kind", "is_color"), [("list", False), ("RGB-color", True)])
def test_a_list_of_three_bytes_is_no_colour(tmp_path: Path, kind: str, is_color: bool) -> None:
    path = tmp_path / "a.nrrd"
    path.write_text(
        "NRRD0004\ntype: uint8\ndimension: 4\nsizes: 3 2 2 2\n"
        f"kinds: {kind} domain domain domain\nencoding: ascii\n\n" + "1 2 3 " * 8
    )
    if is_color:
        assert open_volume(path).color is not None
        return
    assert (open_volume(path, frame=2).array == 3).all()
    with pytest.raises(ChoiceNeeded, match="3 frames"):
        open_volume(path)


def test_a_flat_image_is_one_slice(tmp_path: Path) -> None:
    assert open_volume(save(tmp_path / "a.mha", noise(5, 6))).shape == (1, 5, 6)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a.nrrd", "NRRD space left-posterior-superior"),
        ("a.mha", "MetaImage header"),
        ("a.gipl", None),
    ],
)
def test_what_states_no_directions_has_no_place_in_the_patient(
    tmp_path: Path, name: str, place: str | None
) -> None:
    assert open_volume(save(tmp_path / name, noise(4, 5, 6))).source.place == place
    spaceless = tmp_path / "b.nrrd"
    spaceless.write_text(
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: ascii\n\n1 2 3 4 5 6 7 8\n"
    )
    assert not open_volume(spaceless).is_placed


def ascii_nrrd(path: Path, space: str, directions: bool = True) -> Path:
    axes = 4 if "time" in space.lower() or len(space) == 4 else 3
    rows = [",".join(str(int(row == col)) for col in range(axes)) for row in range(axes)]
    lines = [f"type: uint8\ndimension: {axes}\nspace: {space}\nsizes: {'2 ' * axes}"]
    lines += [f"space directions: {' '.join(f'({row})' for row in rows)}"] if directions else []
    voxels = "1 " * 2**axes
    path.write_text("\n".join(["NRRD0004", *lines, "encoding: ascii", "", voxels]))
    return path


@pytest.mark.parametrize("time", [False, True])
@pytest.mark.parametrize(
    ("short", "long", "towards"),
    [
        ("RAS", "right-anterior-superior", (1, 1, 1)),
        ("LAS", "Left-Anterior-Superior", (-1, 1, 1)),
        ("LPS", "left-posterior-superior", (-1, -1, 1)),
    ],
)
def test_nrrd_is_placed_where_its_space_names_anatomy_however_it_is_spelt(
    tmp_path: Path, short: str, long: str, towards: tuple[int, ...], time: bool
) -> None:
    for word in (short + "T" * time, long + "-time" * time):
        volume = open_volume(ascii_nrrd(tmp_path / "a.nrrd", word), frame=0 if time else None)
        assert volume.is_placed
        np.testing.assert_array_equal(volume.affine[[0, 1, 2], [2, 1, 0]], towards)


@pytest.mark.parametrize("space", ["3D-right-handed", "scanner-xyz", "3D-left-handed-time"])
def test_nrrd_in_a_space_that_names_no_anatomy_has_no_place_in_the_patient(
    tmp_path: Path, space: str
) -> None:
    frame = 0 if "time" in space else None
    assert not open_volume(ascii_nrrd(tmp_path / "a.nrrd", space), frame=frame).is_placed


def test_nrrd_that_states_a_space_but_no_directions_in_it_has_no_place(tmp_path: Path) -> None:
    assert not open_volume(ascii_nrrd(tmp_path / "a.nrrd", "LPS", directions=False)).is_placed


@pytest.mark.parametrize(
    ("stated", "placed"),
    [
        ("", False),
        ("Offset = 1 2 3\n", False),
        ("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", True),
        ("Rotation = 1 0 0 0 1 0 0 0 1\n", True),
        ("Orientation = 1 0 0 0 1 0 0 0 1\n", True),
    ],
)
def test_metaimage_is_placed_where_its_header_states_directions(
    tmp_path: Path, stated: str, placed: bool
) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(range(8)))
    path = tmp_path / "a.mhd"
    path.write_text(
        f"ObjectType = Image\nNDims = 3\n{stated}DimSize = 2 2 2\nElementType = MET_UCHAR\n"
        "ElementDataFile = a.raw\n"
    )
    assert open_volume(path).is_placed == placed


def test_a_flat_image_is_not_said_to_lie_in_a_patient(tmp_path: Path) -> None:
    assert not open_volume(save(tmp_path / "a.mha", noise(5, 6))).is_placed


@pytest.mark.shared
def test_four_axes_in_a_space_of_three_are_beyond_this_reader(shared_data: Path) -> None:
    with pytest.raises(UnsupportedImage, match=r"cannot read.*\.nii\.gz"):
        open_volume(shared_data / "pynrrd/test_simple4d_raw.nrrd")


@pytest.mark.shared
def test_nrrd_and_nifti_of_one_ball_agree(shared_data: Path) -> None:
    nrrd = open_volume(shared_data / "pynrrd/BallBinary30x30x30_gz.nrrd")
    nifti = open_volume(shared_data / "pynrrd/BallBinary30x30x30.nii.gz")
    assert np.array_equal(nrrd.array, nifti.array)


_PACKED = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 4 3 2\nencoding: bzip2\nendian: little\n\n"


@pytest.mark.parametrize("streams", [1, 2])
def test_bzip2_is_unpacked_however_many_streams_it_was_packed_in(
    tmp_path: Path, streams: int
) -> None:
    wanted = noise(2, 3, 4, dtype="<i2")
    voxels = wanted.tobytes()
    parts = [voxels] if streams == 1 else [voxels[:20], voxels[20:]]
    (tmp_path / "a.nrrd").write_bytes(_PACKED + b"".join(map(bz2.compress, parts)))
    assert np.array_equal(open_volume(tmp_path / "a.nrrd").array, wanted)


def test_bzip2_that_holds_more_than_its_header_says_fills_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(_PACKED + bz2.compress(bytes(64_000_000)))
    tracemalloc.start()
    assert open_volume(tmp_path / "a.nrrd").shape == (2, 3, 4)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6


def test_bzip2_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    packed = bz2.compress(noise(2, 3, 4).tobytes())
    (tmp_path / "a.nrrd").write_bytes(_PACKED + packed[:-8])
    with pytest.raises(UnreadableFile, match="truncated or damaged"):
        open_volume(tmp_path / "a.nrrd")


@pytest.mark.parametrize(
    ("lines", "sizes", "sized"),
    [
        ("spacings: 0.5 0.5 2", "4 4 2", "voxel"),
        ("space dimension: 3\nspace directions: (0.5,0,0) (0,0.5,0) (0,0,2)", "4 4 2", "voxel"),
        ("spacings: nan 0.5 0.5 2\nkinds: vector domain domain domain", "1 4 4 2", "voxel"),
        ("spacings: 0.5 0.5 2 nan\nkinds: domain domain domain list", "4 4 2 1", "voxel"),
        ("spacings: 0.5 0.5 nan", "4 4 2", "pixel"),
        ("spacings: 0.5 0.5", "4 8", "pixel"),
        ("spacings: nan nan nan", "4 4 2", ""),
        ("content: no spacings", "4 4 2", ""),
    ],
)
def test_a_spacing_that_a_nrrd_leaves_out_is_no_millimetre(
    tmp_path: Path, lines: str, sizes: str, sized: str
) -> None:
    """Else a table would state volumes that nobody measured."""
    path, axes = tmp_path / "a.nrrd", len(sizes.split())
    start = f"NRRD0004\ntype: uint8\ndimension: {axes}\nsizes: {sizes}\n{lines}\n"
    path.write_bytes(f"{start}encoding: raw\n\n".encode() + bytes(32))
    source = open_volume(path).source
    assert source.sized == sized
    assert (UNSIZED in source.notes) == (sized == "")


@pytest.mark.parametrize(
    ("line", "sizes", "sized"),
    [
        ("ElementSpacing = 0.5 0.5 2\n", "4 4 2", "voxel"),
        ("ElementSize = 0.5 0.5 2\n", "4 4 2", "voxel"),
        ("ElementSpacing = 0.5 0.5\n", "4 8", "pixel"),
        ("", "4 4 2", ""),
    ],
)
def test_a_spacing_that_a_metaimage_leaves_out_is_no_millimetre(
    tmp_path: Path, line: str, sizes: str, sized: str
) -> None:
    path, axes = tmp_path / "a.mha", len(sizes.split())
    start = f"ObjectType = Image\nNDims = {axes}\n{line}DimSize = {sizes}\n"
    path.write_bytes(
        f"{start}ElementType = MET_UCHAR\nElementDataFile = LOCAL\n".encode() + bytes(32)
    )
    assert open_volume(path).source.sized == sized


def test_two_that_read_at_once_leave_itks_warnings_as_they_were(tmp_path: Path) -> None:
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(True)
    try:
        one, other = (simpleitk._quiet(tmp_path) for _ in range(2))
        one.__enter__()
        other.__enter__()
        one.__exit__(None, None, None)
        assert not sitk.ProcessObject.GetGlobalWarningDisplay(), "the other still reads"
        other.__exit__(None, None, None)
        assert sitk.ProcessObject.GetGlobalWarningDisplay()
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)
