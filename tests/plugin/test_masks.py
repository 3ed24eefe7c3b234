"""Masks come into the window as objects, and what needs a choice asks for it."""

from __future__ import annotations

from threading import Event

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import ChoiceNeeded, TiltedSlices, UnevenSlices, UnsupportedImage
from napari_samunet.plugin import reader, series_dialog, sharing
from napari_samunet.plugin.panels.export import completed


@pytest.fixture
def masks(tmp_path):
    """Labels of two objects for the image of the window's tests, and their numbers."""

    def write(volume, name="masks.seg.nrrd"):
        labels = np.zeros(volume.shape, np.uint8)
        labels[0, 2:9, 3:8], labels[0, 12:20, 12:30] = 1, 4
        image = sitk.GetImageFromArray(labels)
        lps = np.diag([-1.0, -1, 1, 1]) @ volume.affine[:, [2, 1, 0, 3]]
        image.SetOrigin(lps[:3, 3].tolist())
        image.SetSpacing(volume.spacing[::-1].tolist())
        image.SetDirection((lps[:3, :3] / volume.spacing[::-1]).ravel().tolist())
        image.SetMetaData("Segment0_LabelValue", "4")
        image.SetMetaData("Segment0_Name", "spleen")
        sitk.WriteImage(image, str(tmp_path / name))
        return tmp_path / name, labels

    return write


@pytest.mark.viewer
def test_masks_of_a_file_become_objects_that_undo_takes_away(screen, masks):
    path, labels = masks(screen.controller.work.volume)
    screen.controller.sharing.import_masks(path)
    session = screen.controller.work.session
    screen.until(lambda: session.objects)
    assert [(item.id, item.name) for item in session.objects] == [(1, "object 1"), (4, "spleen")]
    assert np.array_equal(session.labels, labels)
    screen.controller.undo()
    assert not session.objects


@pytest.mark.viewer
def test_the_line_says_what_an_added_object_is_without_because_another_is_locked(screen, masks):
    path, labels = masks(screen.controller.work.volume)
    session = screen.controller.work.session
    session.paint(labels[0] == 4)
    session.lock_object(session.accept())
    screen.controller.sharing.import_masks(path)
    screen.until(lambda: "objects added" in screen.widget.status.text)
    assert "spleen: 144 of its 144 voxels belong to locked objects" in screen.widget.status.text


@pytest.mark.viewer
def test_one_object_is_told_as_one(screen, masks):
    volume, session = screen.controller.work.volume, screen.controller.work.session
    path, labels = masks(volume)
    one = nibabel.Nifti1Image((labels == 4).astype(np.uint8).T, volume.affine[:, [2, 1, 0, 3]])
    nibabel.save(one, path.parent / "one.nii")
    screen.controller.sharing.import_masks(path.parent / "one.nii")
    screen.until(lambda: session.objects)
    assert "1 object added" in screen.widget.status.text


def _held_reading(monkeypatch) -> Event:
    """Reading waits until the event is set."""
    go, read = Event(), sharing.read_masks

    def held(*arguments):
        assert go.wait(20)
        return read(*arguments)

    monkeypatch.setattr(sharing, "read_masks", held)
    return go


@pytest.mark.viewer
def test_masks_that_come_for_an_image_behind_wait_there_and_the_line_names_it(
    screen, masks, monkeypatch
):
    first = screen.controller.work
    path, labels = masks(first.volume)
    go = _held_reading(monkeypatch)
    screen.controller.sharing.import_masks(path)
    screen.add_image(name="second")
    go.set()
    screen.until(lambda: first.session.objects)
    assert screen.widget.status.text.startswith(f"{first.image.name}: 2 objects added")
    assert not first.shown.find("labels").visible
    screen.viewer.layers.selection.active = first.image
    screen.settle()
    assert first.shown.find("labels").visible
    assert np.array_equal(first.session.labels, labels)


@pytest.mark.viewer
def test_masks_for_an_image_that_was_removed_meanwhile_are_told_of_nowhere(
    screen, masks, monkeypatch
):
    first = screen.controller.work
    path, _ = masks(first.volume)
    go = _held_reading(monkeypatch)
    screen.controller.sharing.import_masks(path)
    screen.add_image(name="second")
    screen.viewer.layers.remove(first.image)
    said = []
    screen.controller.said.connect(said.append)
    go.set()
    screen.until(lambda: not screen.controller.is_busy)
    screen.settle()
    assert not said
    assert not first.session.objects


@pytest.mark.viewer
def test_masks_that_are_dropped_on_the_window_become_objects_of_its_image(
    screen, masks, monkeypatch
):
    path, labels = masks(screen.controller.work.volume)
    monkeypatch.setattr(reader.napari, "current_viewer", lambda: screen.viewer)
    data, described, kind = reader.get_reader(str(path))(str(path))[0]
    assert kind == "labels"
    screen.viewer.add_labels(data, **described)
    session = screen.controller.work.session
    screen.until(lambda: session.objects)
    assert np.array_equal(session.labels, labels)
    assert "objects added" in screen.widget.status.text


def test_masks_without_their_image_ask_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(reader.napari, "current_viewer", lambda: None)
    image = nibabel.Nifti1Image(np.ones((3, 4, 5), np.uint8), np.eye(4))
    image.header["intent_code"] = 1002
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(UnsupportedImage, match="open that image first"):
        reader.read(str(tmp_path / "a.nii"))


def test_several_series_are_chosen_in_a_dialog(monkeypatch, tmp_path):
    asked = []

    def opened(path, **chosen):
        asked.append(chosen)
        if "series" not in chosen:
            raise ChoiceNeeded("two", ("series 1", "series 2"), "series", ("1.1", "1.2"))
        if "frame" not in chosen:
            raise ChoiceNeeded("two", ("frame 0", "frame 1"))
        if "keep_tilt" not in chosen:
            raise TiltedSlices("askew")
        if "resample" not in chosen:
            raise UnevenSlices("uneven")
        return "volume"

    monkeypatch.setattr(series_dialog, "open_volume", opened)
    monkeypatch.setattr(series_dialog, "_chosen", lambda *_given: 1)
    yes = series_dialog.QMessageBox.StandardButton.Yes
    monkeypatch.setattr(series_dialog.QMessageBox, "question", lambda *_: yes)
    assert series_dialog.open_by_choice(tmp_path, object()) == "volume"
    assert asked[-1] == {"series": "1.2", "frame": 1, "keep_tilt": True, "resample": True}
    with pytest.raises(ChoiceNeeded):
        series_dialog.open_by_choice(tmp_path, None)


def test_of_two_series_told_alike_the_chosen_one_is_opened_and_the_list_says_what_it_is(screen):
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QComboBox

    named = []

    def take_the_second():
        dialog = QApplication.activeModalWidget()
        rows = dialog.findChild(QComboBox)
        named.append(rows.accessibleName())
        rows.setCurrentIndex(1)
        dialog.accept()

    QTimer.singleShot(200, take_the_second)
    several = ChoiceNeeded("two", ("CT, 30 files",) * 2, "series", ("1.1", "1.2"))
    assert series_dialog._one_of(several, screen.widget) == "1.2"
    assert named == ["This folder holds several series"]


@pytest.mark.parametrize(
    ("path", "chosen", "wanted"),
    [
        ("/x/liver", "DICOM RTSTRUCT (*.dcm)", ("/x/liver.dcm", "rtstruct")),
        ("/x/liver.dcm", "DICOM SEG (*.dcm)", ("/x/liver.dcm", "dicom-seg")),
        ("/x.y/liver", "NIfTI (*.nii.gz *.nii)", ("/x.y/liver.nii.gz", "")),
        ("/x/liver.csv", "DICOM RTSTRUCT (*.dcm)", ("/x/liver.csv", "")),
    ],
)
def test_a_bare_name_gets_the_ending_of_the_chosen_kind(path, chosen, wanted):
    assert completed(path, chosen) == wanted
