"""Labels lie exactly on the image they were drawn on, and a failed export destroys nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from held_files import files_no_longer_than, hold_files
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from napari_samunet import replacing
from napari_samunet.errors import ExportRefused, GridMismatch, InputError
from napari_samunet.io import export, simpleitk_labels
from napari_samunet.io.export import export_labels
from napari_samunet.io.labels import read_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.io.segments import Segment, labels_of, segments_of
from napari_samunet.io.volume import Volume

SHAPE = (4, 5, 6)


def some_labels(shape: tuple[int, ...] = SHAPE, highest: int = 3) -> np.ndarray:
    """Labels that are different along every axis and end in the highest."""
    labels = (np.arange(np.prod(shape)) % (highest + 1)).astype(np.uint16).reshape(shape)
    labels.flat[-1] = highest
    return labels


def placement(header: object) -> tuple[np.ndarray, np.ndarray, int, int, int]:
    return (
        header.get_sform(),
        header.get_qform(),
        int(header["sform_code"]),
        int(header["qform_code"]),
        int(header["xyzt_units"]),
    )


def assert_same_placement(first: object, second: object) -> None:
    for one, other in zip(placement(first), placement(second), strict=True):
        assert np.array_equal(one, other)


def oblique(turns: tuple[float, ...] = (10, -20, 30), spacing: tuple[float, ...] = (0.7, 0.8, 3.0)):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", turns, degrees=True).as_matrix() * spacing
    affine[:3, 3] = (-90.1, 12.3, 45.6)
    return affine


def save_nifti(path: Path, klass: type = nib.Nifti1Image, endianness: str = "<") -> Path:
    """A NIfTI file whose sform and qform differ in place and in code."""
    header = klass.header_class(endianness=endianness)
    header.set_data_dtype(np.int16)
    image = klass(np.arange(120, dtype=np.int16).reshape(6, 5, 4), None, header)
    image.set_qform(oblique((0, 5, 0)), code=1)
    image.set_sform(oblique(), code=3)
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)
    return path


@pytest.mark.parametrize(
    ("name", "klass", "endianness"),
    [
        ("image.nii", nib.Nifti1Image, "<"),
        ("image.nii.gz", nib.Nifti1Image, "<"),
        ("image.nii.gz", nib.Nifti1Image, ">"),
        ("image.img", nib.Nifti1Pair, "<"),
        ("image.nii", nib.Nifti2Image, "<"),
        ("image.nii", nib.Nifti2Image, ">"),
        ("image.img", nib.Nifti2Pair, ">"),
    ],
)
@pytest.mark.parametrize("target", ["labels.nii", "labels.nii.gz"])
def test_nifti_labels_take_over_every_matrix_and_code(
    tmp_path: Path, name: str, klass: type, endianness: str, target: str
) -> None:
    source = save_nifti(tmp_path / name, klass, endianness)
    labels = some_labels()
    written = nib.load(export_labels(labels, open_volume(source), tmp_path / target))
    assert_same_placement(nib.load(source).header, written.header)
    assert np.array_equal(np.asarray(written.dataobj).T, labels)
    assert (written.dataobj.slope, written.dataobj.inter) == (1, 0)


@pytest.mark.parametrize(("unit", "in_mm"), [("micron", 1e-3), ("meter", 1e3)])
def test_labels_of_an_image_in_other_units_lie_on_it_for_every_reader(
    tmp_path: Path, unit: str, in_mm: float
) -> None:
    matrix = oblique()
    matrix[:3] /= in_mm
    image = nib.Nifti1Image(np.zeros(SHAPE[::-1], np.int16), matrix)
    image.header.set_xyzt_units(unit)
    image.set_qform(matrix, code=1)
    nib.save(image, tmp_path / "image.nii")
    volume, labels = open_volume(tmp_path / "image.nii"), some_labels()
    target = export_labels(labels, volume, tmp_path / "labels.nii.gz")
    assert_same_placement(nib.load(tmp_path / "image.nii").header, nib.load(target).header)
    source = sitk.ReadImage(str(tmp_path / "image.nii"))  # which obeys units; nibabel does not
    for name in ("labels.nii.gz", "labels.nrrd", "labels.mha"):
        path = export_labels(labels, volume, tmp_path / name)
        written = sitk.ReadImage(str(path))
        for get in ("GetOrigin", "GetSpacing", "GetDirection"):
            there, here = getattr(source, get)(), getattr(written, get)()
            np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5)
        assert np.array_equal(sitk.GetArrayFromImage(written), labels)
        assert np.array_equal(read_labels(path, volume), labels)


def test_masks_that_lost_the_unit_of_their_image_still_lie_on_it(tmp_path: Path) -> None:
    matrix = oblique(spacing=(7.0, 8.0, 30.0))
    image = nib.Nifti1Image(np.zeros(SHAPE[::-1], np.int16), matrix)
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "image.nii")
    volume, labels = open_volume(tmp_path / "image.nii"), some_labels()
    nib.save(nib.Nifti1Image(labels.T, image.affine), tmp_path / "mask.nii")
    assert np.array_equal(read_labels(tmp_path / "mask.nii", volume), labels)
    masks = read_masks(tmp_path / "mask.nii", volume)
    assert masks.notes == ()
    assert [segment.voxels for segment in masks.segments] == np.bincount(labels.flat)[1:].tolist()


@settings(max_examples=25, deadline=None)
@given(
    turns=st.tuples(*[st.floats(-180, 180)] * 3),
    spacing=st.tuples(*[st.floats(0.1, 9)] * 3),
    flips=st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3),
)
def test_any_turned_flipped_anisotropic_grid_survives_every_format(
    tmp_path_factory: pytest.TempPathFactory, turns: tuple, spacing: tuple, flips: tuple
) -> None:
    affine = oblique(turns, spacing)
    affine[:3, :3] *= flips
    volume = Volume.from_array(np.zeros(SHAPE), affine=affine)
    folder = tmp_path_factory.mktemp("grid")
    for name in ("a.nii.gz", "a.nrrd", "a.mha"):
        found = open_volume(export_labels(some_labels(), volume, folder / name))
        assert np.array_equal(found.array, some_labels())
        np.testing.assert_allclose(found.affine, affine, atol=1e-4)


@pytest.mark.shared
@pytest.mark.parametrize(
    "source",
    [
        "nibabel/nibabel/tests/data/anatomical.nii",
        "sct_testing_data/t2s/t2s_uncropped.nii.gz",
        "sct_testing_data/t2/t2.nii.gz",
        "totalsegmentator/example_mr_sm.nii.gz",
        "nifti-reader-js/air.hdr.gz",
        "nifti-reader-js/big.nii.gz",
        "nifti-reader-js/avg152T1_LR_nifti2.nii.gz",
    ],
)
def test_real_nifti_keeps_its_geometry_for_nibabel_and_simpleitk(
    shared_data: Path, tmp_path: Path, source: str
) -> None:
    volume = open_volume(shared_data / source)
    labels = some_labels(volume.shape)
    target = export_labels(labels, volume, tmp_path / "labels.nii.gz")
    assert_same_placement(nib.load(shared_data / source).header, nib.load(target).header)
    if source.endswith((".nii", ".nii.gz")) and "nifti2" not in source:
        image, written = (sitk.ReadImage(str(p)) for p in (shared_data / source, target))
        for get in ("GetOrigin", "GetSpacing", "GetDirection", "GetSize"):
            assert getattr(image, get)() == getattr(written, get)()
        assert np.array_equal(sitk.GetArrayFromImage(written), labels)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["labels.nrrd", "labels.mha", "labels.mhd", "labels.nii.gz"])
@pytest.mark.parametrize(
    "source", ["dcmqi/paramaps/pm-example.nrrd", "pyradiomics/brain1_image.nrrd"]
)
def test_oblique_and_flipped_nrrd_keeps_its_geometry(
    shared_data: Path, tmp_path: Path, source: str, name: str
) -> None:
    volume = open_volume(shared_data / source)
    target = export_labels(some_labels(volume.shape), volume, tmp_path / name)
    image, written = (sitk.ReadImage(str(p)) for p in (shared_data / source, target))
    for get in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(written, get)(), getattr(image, get)(), atol=1e-5)
    assert np.array_equal(sitk.GetArrayFromImage(written), some_labels(volume.shape))


def test_other_sources_state_their_place_as_scanner_coordinates(tmp_path: Path) -> None:
    volume = Volume.from_array(np.zeros(SHAPE), affine=oblique())
    header = nib.load(export_labels(some_labels(), volume, tmp_path / "a.nii")).header
    assert (int(header["sform_code"]), header.get_xyzt_units()[0]) == (1, "mm")
    np.testing.assert_allclose(header.get_sform(), oblique()[:, [2, 1, 0, 3]], atol=1e-5)


@pytest.mark.parametrize(("highest", "dtype"), [(1, "u1"), (255, "u1"), (256, "u2"), (65535, "u2")])
def test_labels_take_the_smallest_unsigned_type(tmp_path: Path, highest: int, dtype: str) -> None:
    volume = Volume.from_array(np.zeros((2, 200, 200)))
    labels = some_labels(volume.shape, highest)
    for name in ("a.nii.gz", "a.nrrd"):
        assert open_volume(export_labels(labels, volume, tmp_path / name)).array.dtype == dtype


def test_nrrd_keeps_the_names_of_the_labels(tmp_path: Path) -> None:
    volume = Volume.from_array(np.zeros(SHAPE))
    path = export_labels(some_labels(), volume, tmp_path / "a.nrrd", names={2: "liver"})
    image = sitk.ReadImage(str(path))
    told = {
        image.GetMetaData(f"Segment{n}_LabelValue"): image.GetMetaData(f"Segment{n}_Name")
        for n in range(3)
    }
    assert told == {"1": "object 1", "2": "liver", "3": "object 3"}


def test_of_very_many_objects_those_that_somebody_named_keep_name_and_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And 3D Slicer, which goes by the IDs where there are any, shows the others too."""
    monkeypatch.setattr(simpleitk_labels, "MOST_SEGMENTS", 2)
    volume, labels = Volume.from_array(np.zeros(SHAPE)), some_labels()
    named = segments_of(labels, {2: "liver"}, {2: (0.5, 0.25, 1.0)})
    path = export_labels(labels, volume, tmp_path / "a.seg.nrrd", segments=named)
    found = {segment.number: segment for segment in read_masks(path, volume).segments}
    assert [(number, segment.name) for number, segment in found.items()] == [
        (1, "object 1"),
        (2, "liver"),
        (3, "object 3"),
    ]
    assert found[2].color == (0.5, 0.25, 1.0)
    assert not [key for key in sitk.ReadImage(str(path)).GetMetaDataKeys() if key.endswith("_ID")]


def test_layers_that_overlap_are_a_list_as_3d_slicer_writes_them(tmp_path: Path) -> None:
    """Other readers of its files refuse a vector; the voxels stay where they were."""
    volume = Volume.from_array(np.zeros(SHAPE))
    masks = [some_labels() > least for least in (0, 1)]
    both = [Segment.of(n, f"kinds: vector {n}", mask) for n, mask in enumerate(masks, start=1)]
    path = export_labels(labels_of(both, SHAPE), volume, tmp_path / "a.seg.nrrd", segments=both)
    header = path.read_bytes().partition(b"\n\n")[0].decode()
    assert "\nkinds: list domain domain domain\n" in header
    assert "Segment0_Name:=kinds: vector 1\n" in header
    for found, mask in zip(read_masks(path, volume).segments, masks, strict=True):
        assert np.array_equal(found.mask(SHAPE), mask)


def sheared() -> Volume:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[1, 2] = 0.4
    return Volume.from_array(np.zeros(SHAPE), affine=affine[:, [2, 1, 0, 3]])


def test_a_tilted_grid_goes_to_nrrd_and_is_refused_as_nifti(tmp_path: Path) -> None:
    found = open_volume(export_labels(some_labels(), sheared(), tmp_path / "a.nrrd"))
    np.testing.assert_allclose(found.affine, sheared().affine, atol=1e-9)
    with pytest.raises(ExportRefused, match=r"right angles by 11\.3.*\.nrrd"):
        export_labels(some_labels(), sheared(), tmp_path / "a.nii.gz")
    assert not (tmp_path / "a.nii.gz").exists()


@pytest.mark.parametrize(
    ("name", "format_", "message"),
    [
        ("a.dcm", None, r"came from an array: export to \.nii\.gz or \.nrrd"),
        ("a.nii", "dicom-seg", "is written as nifti, not 'dicom-seg'"),
        ("a.txt", None, r"wanted one of \.nii\.gz"),
        (".nii", None, "no ending"),
        ("a.nii", "nrrd", "written as nifti, not 'nrrd'"),
        ("missing/a.nii", None, "missing is no folder"),
        ("folder.nii", None, "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(
    tmp_path: Path, name: str, format_: str | None, message: str
) -> None:
    (tmp_path / "folder.nii").mkdir()
    volume = Volume.from_array(np.zeros(SHAPE))
    with pytest.raises(ExportRefused, match=message) as caught:
        export_labels(some_labels(), volume, tmp_path / name, format=format_)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.nii"]


def test_the_image_itself_is_never_written_over(tmp_path: Path) -> None:
    source = save_nifti(tmp_path / "ct.nii")
    before = source.read_bytes()
    (tmp_path / "link.nii").symlink_to(source)
    for name in ("ct.nii", "link.nii"):
        with pytest.raises(ExportRefused, match="is the image itself"):
            export_labels(some_labels(), open_volume(source), tmp_path / name)
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mhd"])
def test_a_failed_export_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_bytes(b"old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.os, "fsync", full_disk)
    with pytest.raises(ExportRefused, match="cannot be written \\(No space left"):
        export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("before", [True, False])
def test_a_header_that_is_open_elsewhere_keeps_the_voxels_it_tells_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Windows lets nobody replace what another program has open."""
    volume, target, move = Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.mhd", os.replace
    if before:
        export_labels(some_labels(), volume, target)
    there = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def refused(source: Path, place: Path) -> None:
        if place == target:
            raise PermissionError(13, "Access is denied")
        move(source, place)

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(replacing, "_HELD_AT_MOST_S", 0)
    with pytest.raises(ExportRefused, match=r"a\.mhd cannot be written"):
        export_labels(some_labels()[::-1], volume, target)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == there


def test_what_another_program_holds_for_a_moment_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_files(monkeypatch, 3)
    path = export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.mha")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="Windows has rights of another kind.")
def test_on_windows_no_private_folder_hands_its_rights_on_to_an_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a file stays as private as the folder that it was made in."""
    seen: list[int] = []

    def write(draft: Path) -> None:
        seen.append(stat.S_IMODE(draft.parent.stat().st_mode))
        draft.touch()

    (tmp_path / "plain").mkdir()
    for on_windows in (True, False):
        monkeypatch.setattr(replacing, "_ON_WINDOWS", on_windows)
        export.write_and_replace(tmp_path / "a.txt", write)
    assert seen == [stat.S_IMODE((tmp_path / "plain").stat().st_mode), 0o700]


def test_a_long_name_is_written_under_a_path_that_is_no_longer(tmp_path: Path) -> None:
    """Windows takes no path of 260 characters."""
    target, seen = tmp_path / f"{'x' * 60}.seg.nrrd", []

    def write(draft: Path) -> None:
        seen.append(draft)
        draft.touch()

    export.write_and_replace(target, write)
    assert len(str(seen[0])) <= len(str(target))
    assert seen[0].name.endswith(".seg.nrrd")


@pytest.mark.parametrize("name", ["a.nrrd", "a.seg.nrrd", "a.mha", "a.mhd", "a.nii.gz"])
@pytest.mark.parametrize("size", [0, 100])
def test_a_disk_that_is_full_leaves_the_old_labels(tmp_path: Path, name: str, size: int) -> None:
    """Also those of a small object, which are written as late as the file is closed."""
    volume = Volume.from_array(np.zeros((4, 40, 40)))
    old = np.zeros(volume.shape, np.uint8)
    old[1, 5:20, 5:20] = 1
    path = export_labels(old, volume, tmp_path / name)
    there = sorted(tmp_path.iterdir())
    with files_no_longer_than(size), pytest.raises(ExportRefused, match="make room"):
        export_labels(old[::-1], volume, path)
    assert np.array_equal(open_volume(path).array, old)
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("name", ["a.MHA", "a.MHD", "a.NRRD", "a.SEG.NRRD", "a.NII.GZ"])
def test_an_ending_in_capitals_is_the_file_that_was_asked_for(tmp_path: Path, name: str) -> None:
    """And a stranger's file of the same name in small letters is left alone."""
    stranger = tmp_path / "a.mhd"
    stranger.write_text("not ours")
    path = export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / name)
    assert np.array_equal(open_volume(path).array, some_labels())
    same = stranger.samefile(path)  # where capitals make no other name: on Windows and macOS
    assert same or stranger.read_text() == "not ours"
    beside = {"a.zraw"} if name == "a.MHD" else set()
    left = {"a.mhd"} if same else {name, "a.mhd"}
    assert {file.name for file in tmp_path.iterdir()} == {*left, *beside}


def test_what_the_system_leaves_beside_a_draft_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """MacOS writes a file of its own beside each, where the disk is not of its own format."""

    def write(draft: Path) -> None:
        draft.write_text("ours")
        draft.with_name(f"._{draft.name}").write_text("the system's")

    export.write_and_replace(tmp_path / "a.json", write)
    assert {file.name for file in tmp_path.iterdir()} == {"a.json"}


def test_an_export_clears_away_the_masks_that_a_killed_one_left(tmp_path: Path) -> None:
    left = tmp_path / ".samunet-a1b2c3d4.part"
    left.mkdir()
    (left / "a.nii.gz").write_text("a patient's")
    os.utime(left, (1e9, 1e9))
    path = export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.nii.gz")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("on_windows", [False, True])
def test_while_it_is_written_an_export_is_known_for_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_windows: bool
) -> None:
    """Or the next one would never clear it away, were this one killed."""
    monkeypatch.setattr(replacing, "_ON_WINDOWS", on_windows)

    def killed_and_long_ago(draft: Path) -> None:
        draft.write_text("a patient's")
        os.utime(draft.parent, (1e9, 1e9))
        export.write_and_replace(tmp_path / "b.txt", Path.touch)
        assert not draft.exists()

    with pytest.raises(ExportRefused):
        export.write_and_replace(tmp_path / "a.txt", killed_and_long_ago)


def test_what_a_writer_leaves_under_another_name_replaces_nothing(tmp_path: Path) -> None:
    stranger = tmp_path / "b.txt"
    stranger.write_text("not ours")
    with pytest.raises(ExportRefused, match="under another name"):
        export.write_and_replace(tmp_path / "a.txt", lambda draft: draft.with_name("b.txt").touch())
    assert stranger.read_text() == "not ours"


def test_a_folder_that_cannot_be_written_to_gives_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(replacing, "_ON_WINDOWS", False)
    monkeypatch.setattr(replacing.tempfile, "mkdtemp", denied)
    with pytest.raises(ExportRefused, match=r"Permission denied.*another folder"):
        export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.nii")


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "a.nii").symlink_to(tmp_path / "real" / "b.nii")
    export_labels(some_labels(), Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.nii")
    assert (tmp_path / "a.nii").is_symlink()
    assert np.array_equal(open_volume(tmp_path / "real" / "b.nii").array, some_labels())


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        (np.zeros((4, 5, 7), np.uint8), GridMismatch),
        (np.zeros(SHAPE), InputError),
        (np.full(SHAPE, -1), InputError),
        (np.full(SHAPE, 65536), InputError),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, labels: np.ndarray, error: type
) -> None:
    with pytest.raises(error):
        export_labels(labels, Volume.from_array(np.zeros(SHAPE)), tmp_path / "a.nii")
    assert not list(tmp_path.iterdir())


def test_exported_labels_are_read_back_onto_their_image_only(tmp_path: Path) -> None:
    volume = Volume.from_array(np.zeros(SHAPE), affine=oblique())
    path = export_labels(some_labels(), volume, tmp_path / "a.nii.gz")
    labels = read_labels(path, volume)
    assert labels.dtype == np.uint16
    assert np.array_equal(labels, some_labels())
    moved = oblique()
    moved[0, 3] += 1
    with pytest.raises(GridMismatch, match="1 mm off"):
        read_labels(path, Volume.from_array(np.zeros(SHAPE), affine=moved))
    with pytest.raises(GridMismatch, match="has shape"):
        read_labels(path, Volume.from_array(np.zeros((4, 5, 7))))


@pytest.mark.parametrize(("value", "message"), [(0.5, "fractions"), (-1, "0 to 65535")])
def test_an_image_is_not_taken_for_labels(tmp_path: Path, value: float, message: str) -> None:
    path = tmp_path / "a.nii"
    nib.save(nib.Nifti1Image(np.full((6, 5, 4), value, np.float32), np.eye(4)), path)
    with pytest.raises(InputError, match=message):
        read_labels(path, open_volume(path))
