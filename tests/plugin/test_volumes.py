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
from napari_samunet.plugin.volumes import volume_of
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


def test_labels_never_replace_a_file_that_another_reader_opened(tmp_path):
    pixels, path = np.zeros(SHAPE, np.int16), tmp_path / "ct.nii"
    nib.save(nib.Nifti1Image(pixels, np.eye(4)), path)
    before = path.read_bytes()
    with layer_source(path=str(path), reader_plugin="another"):
        layer = Image(pixels)
    with pytest.raises(ExportRefused, match="is the image itself"):
        export_labels(pixels.astype(np.uint8), volume_of(layer), path)
    assert path.read_bytes() == before
