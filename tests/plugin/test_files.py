"""Files come in with their geometry and go out with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import nibabel
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from npe2 import PluginManager, PluginManifest
from qtpy.QtWidgets import QLabel

from napari_samunet.cli.main import main
from napari_samunet.errors import InputError, UnsupportedImage
from napari_samunet.geometry import index_to_world, world_to_index
from napari_samunet.io.masks import read_masks
from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin import launch, reader
from napari_samunet.plugin.alignment import misfit
from napari_samunet.plugin.display import Display
from napari_samunet.plugin.orientation import radiological, turn_over
from napari_samunet.plugin.planes import direct
from napari_samunet.plugin.reader import get_reader, layer_of
from napari_samunet.plugin.sample_data import abdomen
from napari_samunet.plugin.volumes import METADATA_KEY, volume_of
from napari_samunet.plugin.writer import write_labels

MANIFEST = Path(__file__).parents[2] / "napari.yaml"
MIDDLE = np.full(3, 4.5)
OBLIQUE = np.array([[0.7, 0.1, 0, -90], [-0.1, 0.7, 0, 20], [0, 0, 3, 5], [0, 0, 0, 1.0]])


@pytest.fixture
def ct(tmp_path):
    """A NIfTI file of unequal sides on an oblique grid."""
    path = tmp_path / "head.nii.gz"
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(voxels, OBLIQUE), path)
    return path


def test_the_reader_gives_an_image_layer_with_spacing_and_the_volume(ct):
    data, described, kind = get_reader(str(ct))(str(ct))[0]
    layer = Image(data, **described)
    assert kind == "image"
    assert layer.name == "head"
    np.testing.assert_allclose(layer.scale, (3, np.hypot(0.7, 0.1), np.hypot(0.7, 0.1)))
    assert {str(unit) for unit in layer.units} == {"millimeter"}
    assert volume_of(layer) is layer.metadata[METADATA_KEY]["volume"]


def test_the_slider_reaches_the_last_slice_whatever_the_spacing():
    """One volume in seven lacked it, for napari counts by a division."""
    rng = np.random.default_rng(0)
    for count in rng.integers(3, 400, 60).tolist():
        spacing, start = rng.uniform(0.3, 8), rng.uniform(-500, 500)
        affine = np.array([[0, 0, 1, 7], [0, 1, 0, 8], [spacing, 0, 0, start], [0, 0, 0, 1]])
        data, described, _kind = layer_of(Volume(np.zeros((count, 2, 2), np.uint8), affine), "a")
        viewer = ViewerModel()
        layer = viewer.add_image(data, **described)
        assert viewer.dims.nsteps[0] == count
        np.testing.assert_allclose(layer.scale[0], spacing, rtol=0, atol=1e-7)


def test_folders_without_dicom_and_stacks_of_files_are_left_to_others(tmp_path, ct):
    (tmp_path / "notes.txt").write_text("no image")
    assert get_reader(str(tmp_path)) is None
    assert get_reader([str(ct), str(ct)]) is None
    (tmp_path / "IM1").write_bytes(b"\0" * 128 + b"DICM")
    assert get_reader(str(tmp_path)) is not None


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        *[(name, True) for name in ("ct.nii.gz", "CT.NII.GZ", "seg.nrrd", "scan.IMA", "a.gipl")],
        *[(name, True) for name in ("DICOMDIR", "IM1", "00000001", "IM-0001-0012")],
        *[(name, True) for name in ("1.2.840.113619.2.5.17", "MR.1.3.12.2.1107")],
        *[(name, True) for name in ("1.3.12.2.30000.7", "e15434s3i9.MRDC.9")],
        *[(name, False) for name in ("photo.png", "film.mp4", "cells.h5", "notes.txt", "a.jp2")],
    ],
)
def test_napari_asks_us_for_medical_files_with_and_without_an_ending(name, ours):
    manager = PluginManager()
    manager.register(PluginManifest.from_file(MANIFEST))
    assert bool(list(manager.iter_compatible_readers([f"/patients/12/{name}"]))) == ours


def test_a_negative_radiograph_is_shown_as_its_file_means_it():
    negative = Volume(np.eye(4)[None], np.eye(4), source=Source(kind="dicom"), negative=True)
    assert layer_of(negative, "chest")[1]["colormap"] == "gray_r"


def test_a_bad_file_raises_one_clear_line_when_it_is_read(tmp_path):
    bad = tmp_path / "empty.nii.gz"
    bad.touch()
    with pytest.raises(InputError, match="empty"):
        get_reader(str(bad))(str(bad))


def test_the_sample_opens_as_a_ct():
    data, described, _kind = abdomen()[0]
    assert data.ndim == 3
    assert described["contrast_limits"] == (-160, 240)


def test_labels_saved_by_napari_lie_exactly_on_their_image(tmp_path, ct):
    data, described, _kind = get_reader(str(ct))(str(ct))[0]
    volume = described["metadata"][METADATA_KEY]["volume"]
    stored = np.zeros(volume.shape, np.uint16)
    stored[1, 2, 3] = 7
    labels = Display.of(volume).shown(stored)
    assert labels.shape == data.shape
    assert labels[1, 2, 3] == 0
    attributes = {"metadata": {METADATA_KEY: {"volume": volume}}}
    (written,) = write_labels(str(tmp_path / "out.nii.gz"), labels, attributes)
    assert np.array_equal(nibabel.load(written).affine, nibabel.load(ct).affine)
    assert np.asarray(nibabel.load(written).dataobj)[3, 2, 1] == 7


def test_labels_saved_by_napari_keep_the_names_and_colours_of_their_objects(tmp_path, ct):
    _data, described, _kind = get_reader(str(ct))(str(ct))[0]
    volume = described["metadata"][METADATA_KEY]["volume"]
    stored = np.zeros(volume.shape, np.uint16)
    stored[1, 2, 3], stored[1, 3, 3] = 7, 9
    known = {"volume": volume, "names": {7: "liver", 8: "not drawn"}}
    layer = Labels(Display.of(volume).shown(stored), metadata={METADATA_KEY: known})
    layer.colormap = direct({7: (1.0, 0.5, 0.25, 0.0), 8: (0.0, 1.0, 0.0, 1.0)})
    data, attributes, _kind = layer.as_layer_data_tuple()
    (written,) = write_labels(str(tmp_path / "out.seg.nrrd"), data, attributes)
    found = read_masks(written, volume).segments
    assert [(s.name, s.color) for s in found] == [("liver", (1.0, 0.5, 0.25)), ("object 9", None)]


def test_labels_of_an_unknown_image_keep_their_spacing(tmp_path):
    attributes = {"scale": (2.0, 0.5, 0.5), "metadata": {}}
    (written,) = write_labels(str(tmp_path / "o.nii"), np.ones((3, 4, 5), int), attributes)
    np.testing.assert_allclose(nibabel.load(written).header.get_zooms(), (0.5, 0.5, 2.0))
    with pytest.raises(InputError, match="dimensions"):
        write_labels(str(tmp_path / "o.nii"), np.ones((2, 3, 4, 5), int), attributes)


def test_plain_layers_become_volumes_and_others_are_refused():
    colour = Image(np.full((5, 6, 3), (255, 0, 0), np.uint8), rgb=True)
    volume = volume_of(colour)
    assert volume.shape == (1, 5, 6)
    assert volume.color.shape == (1, 5, 6, 3)
    assert volume.array[0, 0, 0] == 76
    flat = volume_of(Image(np.zeros((5, 6)), scale=(500, 250), units=("um", "um")))
    np.testing.assert_allclose(flat.spacing, (1, 0.5, 0.25))
    with pytest.raises(UnsupportedImage, match="4 dimensions"):
        volume_of(Image(np.zeros((2, 3, 4, 5))))


@pytest.mark.parametrize(
    "affine",
    [np.diag([-1.0, -1, 1, 1])[:, [2, 1, 0, 3]], np.eye(4)[:, [2, 1, 0, 3]], np.eye(4)],
    ids=["LPS", "RAS", "sagittal"],
)
def test_a_patient_is_shown_as_a_radiologist_expects(affine):
    volume = Volume(np.zeros((4, 5, 6), np.int16), affine, modality="CT")
    axial = ("down", "right")
    assert radiological(volume, (1, 2)) == axial
    assert radiological(volume, (0, 2)) == radiological(volume, (0, 1)) == ("up", "right")
    viewer = ViewerModel()
    data, described, _kind = layer_of(volume, "ct")
    viewer.add_image(data, **described)
    turn_over(viewer, volume)
    assert tuple(str(way) for way in viewer.scene.camera.orientation2d) == axial


@pytest.mark.parametrize("count", [3, 4])
def test_a_few_sagittal_slices_are_not_taken_for_colours(count):
    source = Source(kind="nifti", place="sform")  # known to lie so in a patient
    volume = Volume(np.zeros((count, 40, 50), np.uint8), np.eye(4), source=source)
    data, described, _kind = layer_of(volume, "spine")
    assert data.shape[-1] == count
    assert Image(data, **described).ndim == 3


@pytest.mark.parametrize("name", ["missing.nii.gz", "empty.nii.gz", "."])
def test_samunet_with_a_bad_file_says_one_line_and_opens_no_window(tmp_path, name, capsys):
    (tmp_path / "empty.nii.gz").touch()
    assert main(["open", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("samunet: ")
    assert error.count("\n") == 1


def test_opening_the_widget_does_not_import_torch():
    code = "import sys, napari_samunet.plugin.launch; print('torch' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def _tilted(degrees: float, origin: tuple[float, float, float], spacing: float) -> Volume:
    """A volume of 10 voxels a side that is turned about the patient's long axis."""
    turn = np.radians(degrees)
    affine = np.eye(4)
    affine[:3, 0] = (0, 0, spacing)
    affine[:3, 1] = (-np.sin(turn) * spacing, np.cos(turn) * spacing, 0)
    affine[:3, 2] = (np.cos(turn) * spacing, np.sin(turn) * spacing, 0)
    affine[:3, 3] = origin
    return Volume(np.zeros((10, 10, 10)), affine, source=Source(kind="nifti", place="sform"))


def _image(volume: Volume, name: str, *beside: Image) -> Image:
    data, described, _kind = layer_of(volume, name, *beside)
    return Image(data, **described)


def test_parallel_volumes_of_a_patient_lie_on_each_other():
    """The middle of a fine volume is shown where the coarse one has the same place."""
    coarse, fine = _tilted(0, (-200, 30, 400), 4), _tilted(0.8, (-190, 40, 410), 2)
    first = _image(coarse, "a")
    second = _image(fine, "b", first)
    np.testing.assert_allclose(_middle_on(fine, first), second.data_to_world(MIDDLE))
    assert not misfit(coarse, [first, second])


def test_a_third_volume_lies_on_the_second_which_was_placed_on_the_first():
    """Far from the origin a fraction of a degree is millimetres: each is placed on what is seen."""
    turned = _tilted(0.9, (-190, 400, 410), 2)
    third = _tilted(0.9, (-188, 402, 412), 1)
    shown = _image(turned, "b", _image(_tilted(0, (-200, 380, 400), 4), "a"))
    placed = _image(third, "c", shown)
    np.testing.assert_allclose(_middle_on(third, shown), placed.data_to_world(MIDDLE))
    shown.translate = (7, 8, 9)
    moved = _image(third, "d", shown)
    np.testing.assert_allclose(_middle_on(third, shown), moved.data_to_world(MIDDLE))


BRAIN = [_tilted(15, (-200, 380, 400), 4), _tilted(0, (-190, 400, 410), 2)]
FLAIR = _tilted(15.9, (-188, 402, 412), 1)


def test_of_several_images_that_were_opened_together_parallel_ones_lie_on_each_other(monkeypatch):
    model = ViewerModel()
    viewer = SimpleNamespace(layers=model.layers, add_image=model.add_image, window=Mock())
    monkeypatch.setattr(launch.napari, "Viewer", lambda **_title: viewer)
    monkeypatch.setattr(launch, "SegmentationWidget", Mock())
    launch.make_window(
        [(volume, Path(f"{n}.nii")) for n, volume in enumerate((*BRAIN[::-1], FLAIR))]
    )
    _straight, turned, placed = model.layers
    np.testing.assert_allclose(_middle_on(FLAIR, turned), placed.data_to_world(MIDDLE), atol=1e-6)


def test_an_image_that_is_opened_later_lies_on_the_parallel_one_whichever_is_selected(
    monkeypatch, tmp_path
):
    model = ViewerModel()
    turned, straight = (model.add_layer(_image(volume, "a")) for volume in BRAIN)
    model.layers.selection.active = straight
    monkeypatch.setattr(reader.napari, "current_viewer", lambda: model)
    monkeypatch.setattr(reader, "open_by_choice", lambda *_asked: FLAIR)
    data, described, _kind = reader.read(str(tmp_path / "flair.nii"))[0]
    placed = Image(data, **described)
    np.testing.assert_allclose(_middle_on(FLAIR, turned), placed.data_to_world(MIDDLE), atol=1e-6)


def _middle_on(volume: Volume, layer: Image) -> np.ndarray:
    """Where a layer shows the place in the patient that is the middle of a volume."""
    place = index_to_world(MIDDLE, volume.affine)
    shown = volume_of(layer)
    index = Display.of(shown).to_shown(world_to_index(place, shown.affine))
    return np.asarray(layer.data_to_world(index))


def test_volumes_that_do_not_lie_on_each_other_are_named():
    layers = [_image(_tilted(turn, (0, 0, 0), 1), name) for turn, name in ((0, "a"), (20, "b"))]
    told = misfit(volume_of(layers[0]), layers)
    assert told == "'b' does not align with it: its axes are turned by 20°."


@pytest.mark.viewer
def test_what_is_odd_about_a_file_is_told_in_the_window(screen):
    odd = Source(kind="nifti", place="sform", notes=("the qform places it up to 9 mm elsewhere",))
    data, described, _kind = layer_of(Volume(np.zeros((4, 5, 6)), np.eye(4), source=odd), "head")
    screen.viewer.add_image(data, **described)
    screen.settle()
    told = [label.text() for label in screen.widget.findChildren(QLabel)]
    assert any("The qform places it up to 9 mm elsewhere." in text for text in told)
