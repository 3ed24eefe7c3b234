"""A layer of any reader becomes a volume of the size and the colours that it is shown with."""

from __future__ import annotations

import imageio.v3 as imageio
import nibabel as nib
import numpy as np
import pytest
from napari.layers import Image
from napari.layers._source import layer_source

from napari_samunet.errors import ExportRefused
from napari_samunet.io.export import export_labels
from napari_samunet.io.open import open_volume
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import is_resized, remember, volume_of
from napari_samunet.preprocess.intensity import CT_WINDOW, choose_window
from napari_samunet.session.identity import ImageIdentity

SHAPE = (5, 30, 40)
SPACING = (5, 0.7, 0.5)


def _turned(spacing, degrees=20):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * spacing


def _in_four(matrix):
    affine = np.eye(4)
    affine[:3, :3] = matrix
    return affine


@pytest.mark.parametrize(
    "placed",
    [
        {"scale": SPACING},
        {"scale": (-5, 0.7, 0.5), "translate": (1e3, 2, 3)},
        {"affine": np.diag([*SPACING, 1])},
        {"affine": _in_four(_turned(SPACING))},
        {"affine": np.diag([5, 1, 1, 1]), "scale": (1, 0.7, 0.5)},
        {"scale": SPACING, "rotate": _turned(1)},
        {"affine": np.diag([5e3, 700, 500, 1]), "units": ("um",) * 3},
    ],
)
def test_spacing_is_that_of_all_that_places_a_layer(placed):
    volume = volume_of(Image(np.zeros(SHAPE, np.float32), **placed))
    np.testing.assert_allclose(volume.spacing, SPACING)


def test_a_sheared_layer_is_as_wide_as_its_columns():
    layer = Image(np.zeros((30, 40), np.float32), affine=[[1, 1, 0], [0, 2, 0], [0, 0, 1]])
    np.testing.assert_allclose(volume_of(layer).spacing, (1, 1, np.sqrt(5)))


@pytest.mark.parametrize("shape", [(30, 40), SHAPE])
def test_a_picture_of_true_and_false_is_black_and_white(shape):
    seen = np.random.default_rng(0).random((*shape, 3)) > 0.5
    volume = volume_of(Image(seen, rgb=True))
    assert volume.color.dtype == np.uint8
    np.testing.assert_array_equal(volume.color.reshape(seen.shape), seen * 255)


def test_a_picture_is_the_same_image_whoever_reads_it(tmp_path):
    """Its session is offered again by what the volume's array holds."""
    red, green = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    color = np.stack([red, green, np.full_like(red, 250)], axis=-1).astype(np.uint8)
    imageio.imwrite(tmp_path / "picture.png", color)
    data, meta, _kind = layer_of(open_volume(tmp_path / "picture.png"), "picture")
    ours, plain = volume_of(Image(data, **meta)), volume_of(Image(color, rgb=True))
    assert ImageIdentity(plain).digest == ImageIdentity(ours).digest


SAGITTAL = np.array([[0, 0, 2, 60], [-0.75, 0, 0, 40], [0, 0.5, 0, -30], [0, 0, 0, 1.0]])


@pytest.fixture
def opened(tmp_path):
    """The layer of a CT whose file stores sagittal slices."""
    values = np.random.default_rng(0).integers(-1000, 900, (6, 5, 4)).astype(np.int16)
    nib.save(nib.Nifti1Image(values, SAGITTAL), tmp_path / "ct.nii")
    data, meta, _kind = layer_of(open_volume(tmp_path / "ct.nii"), "ct")
    return Image(data, **meta)


def test_voxels_that_were_changed_lie_where_the_file_says(opened, tmp_path):
    """Noise is taken away, a bias corrected: masks still belong to this patient's place."""
    before = volume_of(opened)
    opened.data = np.ascontiguousarray(opened.data) / 1000
    volume = volume_of(opened)
    np.testing.assert_array_equal(volume.array, before.array / 1000)
    assert "masks belong to the image as it was opened" in volume.source.notes[-1]
    assert choose_window(volume)[1] < 1, "a window in Hounsfield units would show them all alike"
    assert ImageIdentity(volume).path is None, "no session on them could be opened from the file"
    with pytest.raises(ExportRefused, match="is the image itself"):
        export_labels(np.ones(volume.shape, np.uint8), volume, tmp_path / "ct.nii")
    export_labels(np.ones(volume.shape, np.uint8), volume, tmp_path / "mask.nii")
    np.testing.assert_array_equal(nib.load(tmp_path / "mask.nii").affine, SAGITTAL)


def test_a_denoised_ct_is_seen_as_a_ct(opened):
    opened.data = np.ascontiguousarray(opened.data) * 0.9
    assert choose_window(volume_of(opened)) == CT_WINDOW


def test_a_copy_of_an_image_is_that_image(opened):
    data, meta, _kind = opened.as_layer_data_tuple()
    copy, original = volume_of(Image(data.copy(), **meta)), volume_of(opened)
    np.testing.assert_array_equal(copy.affine, original.affine)
    assert copy.source is original.source


def test_of_a_part_of_an_image_it_is_told_that_its_place_is_not_known(opened):
    whole = opened.data
    opened.data = whole[1:]
    assert volume_of(opened).source.notes == ("its place in the patient is not known",)
    remember(opened, volume_of(opened))
    opened.data = whole * 2
    assert volume_of(opened).source.notes == ("its place in the patient is not known",)


def test_a_picture_without_a_size_gets_none_from_its_changed_pixels(tmp_path):
    imageio.imwrite(tmp_path / "chest.png", np.arange(256, dtype=np.uint8).reshape(16, 16))
    data, meta, _kind = layer_of(open_volume(tmp_path / "chest.png"), "chest")
    layer = Image(data, **meta)
    layer.data = data // 2
    assert volume_of(layer).source.sized == ""


@pytest.mark.parametrize(
    ("described", "resized"),
    [
        ({"scale": (5, 0.7, 0.7)}, True),
        ({"units": ("mm",) * 3}, True),
        ({"affine": np.diag([2, 1, 1, 1])}, True),
        ({"translate": (1e3, 0.1, 3.3), "rotate": _turned(1)}, False),
    ],
)
def test_an_array_has_the_size_that_its_layer_was_given_last(described, resized):
    layer, given = Image(np.zeros(SHAPE, np.float32)), Image(np.zeros(SHAPE), **described)
    remember(layer, volume_of(layer))
    for word, value in described.items():
        setattr(layer, word, value)
    assert is_resized(layer) == resized
    volume, wanted = volume_of(layer), volume_of(given)
    np.testing.assert_allclose(volume.affine, wanted.affine, atol=1e-9)
    assert volume.source.sized == wanted.source.sized


def test_labels_never_replace_a_file_that_another_reader_opened(tmp_path):
    pixels, path = np.zeros(SHAPE, np.int16), tmp_path / "ct.nii"
    nib.save(nib.Nifti1Image(pixels, np.eye(4)), path)
    before = path.read_bytes()
    with layer_source(path=str(path), reader_plugin="another"):
        layer = Image(pixels)
    with pytest.raises(ExportRefused, match="is the image itself"):
        export_labels(pixels.astype(np.uint8), volume_of(layer), path)
    assert path.read_bytes() == before
