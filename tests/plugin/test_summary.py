"""What is told of image and objects is what a person sees, and nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.alignment import misfit
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.summary import about_image, rows_of
from napari_samunet.plugin.volumes import volume_of


@pytest.mark.parametrize(
    ("described", "known"),
    [
        ({}, ""),
        ({"scale": (5, 0.7, 0.7)}, "voxel"),
        ({"units": ("mm",) * 3}, "voxel"),
    ],
)
def test_a_layer_has_a_size_where_somebody_gave_it_one(described, known):
    volume = volume_of(Image(np.zeros((3, 9, 9), np.float32), **described))
    assert volume.source.sized == known


def test_of_a_flat_layer_with_a_scale_no_thickness_is_known():
    assert volume_of(Image(np.zeros((9, 9)), scale=(0.7, 0.7))).source.sized == "pixel"


@pytest.mark.viewer
def test_neither_millimetres_nor_millilitres_are_invented(screen):
    screen.click(30, 40)
    screen.controller.accept()
    work = screen.controller.work
    told = about_image(work, screen.viewer)
    first = told.splitlines()[0]
    assert first == "80 × 60 × 7 px, no size in mm is stated"  # noqa: RUF001 - as it is shown
    assert [row.millilitres for row in rows_of(work, 0)] == [None]
    screen.settle(0.1)
    table = screen.widget.objects.table
    assert table.item(0, table.columnCount() - 1).text() == ""


@pytest.mark.viewer
def test_a_size_that_is_given_later_is_taken_until_the_work_begins(screen):
    def first_line():
        return about_image(screen.controller.work, screen.viewer).splitlines()[0]

    image = screen.controller.work.image
    image.scale, image.units = (5, 0.5, 0.5), ("mm",) * 3
    screen.until(lambda: first_line() == "80 × 60 × 7, 0.5 × 0.5 × 5 mm")  # noqa: RUF001
    screen.viewer.reset_view()
    screen.settle()
    screen.click(30, 40)
    screen.controller.accept()
    work = screen.controller.work
    (row,) = rows_of(work, 0)
    assert row.millilitres == pytest.approx(screen.session.objects[0].voxels * 1.25e-3)
    image.scale = (2, 2, 2)
    screen.settle(0.4)
    assert screen.controller.work is work, "nothing that was done is lost"
    assert first_line() == "80 × 60 × 7, 0.5 × 0.5 × 5 mm"  # noqa: RUF001 - as it is shown
    assert "Its size was changed after the work began" in about_image(work, screen.viewer)


@pytest.mark.viewer
def test_slices_are_counted_in_the_plane_that_is_shown(screen):
    screen.click(30, 40)
    screen.controller.accept()
    screen.settle(0.1)
    table = screen.widget.objects.table
    assert table.item(0, 3).text() == "1"
    mask = screen.session.objects[0].mask_at(3)
    screen.viewer.dims.order = (1, 0, 2)
    screen.settle(0.1)
    assert table.item(0, 3).text() == str(mask.any(axis=1).sum())
    assert [row.slices for row in rows_of(screen.controller.work, 2)] == [mask.any(axis=0).sum()]


@pytest.mark.viewer
def test_an_image_of_one_slice_offers_no_other_slices(screen):
    screen.add_image(np.zeros((1, 60, 80), np.float32), name="picture")
    screen.click(30, 40)
    screen.controller.accept()
    screen.settle(0.1)
    panel = screen.widget.slices
    assert not panel._propagate.isEnabled()
    assert not panel._redo.isEnabled()
    assert "another slice" not in screen.widget.status.text


def test_only_images_that_are_seen_are_said_not_to_align():
    picture = Volume(np.zeros((1, 9, 9)), np.eye(4), source=Source(kind="picture"))
    scan = Volume(np.zeros((3, 9, 9)), np.eye(4), source=Source(kind="nifti", place="sform"))
    data, described, _kind = layer_of(scan, "scan")
    layer = Image(data, **described)
    assert "the place of the chosen image is not known" in misfit(picture, [layer])
    layer.visible = False
    assert misfit(picture, [layer]) == ""
