"""Whatever order a file stores its voxels in, the same patient gives the same picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from napari.layers import Image

from napari_samunet.geometry import index_to_world
from napari_samunet.io.facing import facing_axis
from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.alignment import misfit
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.plugin.display import Display, shown_affine
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import stored_data, volume_of
from napari_samunet.plugin.windowing import windows_of
from napari_samunet.types import SliceRef

PLACED = Source(kind="nifti", place="sform")
SHAPE = (8, 40, 50)  # towards superior, posterior and left
SPACING = (3.0, 1.0, 0.5)
ORDERS = [(axes, flips) for axes in permutations(range(3)) for flips in product((1, -1), repeat=3)]
PSR = ((2, 0, 1), (-1, 1, 1))  # array axes R, S, P, as a file stored as (P, S, R) gives
SAGITTAL = ((2, 0, 1), (1, -1, 1))  # slices to the left, rows downwards, columns to the back
SOME = {"LPS": ((0, 1, 2), (1, 1, 1)), "RAS": ((0, 1, 2), (1, -1, -1)), "PSR": PSR}


def _patient() -> np.ndarray:
    """Every voxel its own number, along superior, posterior, left."""
    return np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)


def _stored(axes, flips, degrees=0.0) -> Volume:
    """The patient in another storage order: array axis n runs along axis ``axes[n]`` of it."""
    array = _patient().transpose(axes)[tuple(slice(None, None, flip) for flip in flips)]
    turn = np.radians(degrees)
    body = np.zeros((4, 4))
    body[:3, 0] = (0, -np.sin(turn) * SPACING[0], np.cos(turn) * SPACING[0])
    body[:3, 1] = (0, -np.cos(turn) * SPACING[1], -np.sin(turn) * SPACING[1])
    body[:3, 2], body[:, 3] = (-SPACING[2], 0, 0), (60, 20, -7, 1)
    affine = np.eye(4)
    corner = np.zeros(3)
    for axis, (along, flip) in enumerate(zip(axes, flips, strict=True)):
        affine[:3, axis] = body[:3, along] * flip
        corner[along] = SHAPE[along] - 1 if flip < 0 else 0
    affine[:3, 3] = index_to_world(corner, body)
    return Volume(np.ascontiguousarray(array), affine, modality="CT", source=PLACED)


@pytest.mark.parametrize("degrees", [0, 40])
@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_all_48_orders_show_the_same_voxels_at_the_same_place_without_a_copy(axes, flips, degrees):
    volume = _stored(axes, flips, degrees)
    data, described, _kind = layer_of(volume, "ct")
    np.testing.assert_array_equal(data, _patient())
    np.testing.assert_allclose(described["scale"], SPACING)
    assert np.shares_memory(data, volume.array)
    first = _stored((0, 1, 2), (1, 1, 1), degrees)
    np.testing.assert_allclose(shown_affine(volume), first.affine, atol=1e-9)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_an_index_goes_there_and_back(axes, flips):
    volume = _stored(axes, flips)
    display = Display.of(volume)
    shown = display.shown(volume.array)
    for index in np.random.default_rng(0).integers(0, SHAPE, size=(5, 3)):
        stored = display.to_stored(index)
        assert volume.array[tuple(stored.astype(int))] == shown[tuple(index)]
        np.testing.assert_array_equal(display.to_shown(stored), index)
    np.testing.assert_array_equal(display.stored(shown), volume.array)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_areas_are_measured_on_the_slices_that_the_window_opens_on(axes, flips):
    volume = _stored(axes, flips)
    assert facing_axis(volume) == Display.of(volume).axes[0]


def test_what_is_no_patient_stays_as_it_is_stored():
    assert Display.of(Volume.from_array(_patient())).matrix.tolist() == np.eye(4).tolist()


def test_a_single_slice_is_seen_whole():
    sagittal = _stored(*SAGITTAL)
    one = Volume(sagittal.array[:1], sagittal.affine, modality="MR")
    assert Display.of(one).shown(one.array).shape == (1, SHAPE[0], SHAPE[1])


@pytest.mark.viewer
def test_another_view_of_the_same_voxels_is_not_taken_for_the_file(screen):
    volume = _stored(*PSR)
    data, described, _kind = layer_of(volume, "ct")
    image = screen.viewer.add_image(data, **described)
    assert volume_of(image) is volume
    image.data = data[::-1]
    assert volume_of(image) is not volume


@pytest.mark.viewer
@pytest.mark.parametrize("order", SOME.values(), ids=SOME)
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_click_hits_the_voxel_under_the_mouse_in_every_order_and_plane(screen, order, plane):
    screen.viewer.layers.clear()
    volume = _stored(*order)
    data, described, _kind = layer_of(volume, "ct")
    image = screen.viewer.add_image(data, **described)
    screen.settle()
    display = Display.of(volume)
    shown = (3, 17, 29)
    hidden = ("axial", "coronal", "sagittal").index(plane)
    stored = display.to_stored(shown).astype(int)
    ref = SliceRef(display.axes[hidden], int(stored[display.axes[hidden]]))
    show_plane(screen.viewer, image, ref)
    screen.viewer.reset_view()
    row, col = (int(n) for n in np.delete(stored, ref.axis))
    screen.click(row, col)
    ((asked, prompts, _window, _previous),) = screen.engine.calls
    assert asked == ref
    assert tuple(prompts.points[0]) == (row, col)
    screen.controller.accept()
    labels = screen.viewer.layers["ct labels"]
    assert labels.data[shown]
    np.testing.assert_array_equal(stored_data(labels), screen.session.labels)
    (point,) = screen.viewer.layers["ct points"].data
    np.testing.assert_allclose(point, shown)


@pytest.mark.viewer
def test_the_same_patient_looks_the_same_however_it_is_stored(screen):
    pictures = {}
    screen.viewer.layers.clear()
    for name, order in SOME.items():
        data, described, _kind = layer_of(_stored(*order), name)
        screen.viewer.add_image(data, **{**described, "contrast_limits": (0, _patient().max())})
        for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
            screen.viewer.dims.order = axes
            screen.viewer.reset_view()
            screen.settle(0.1)
            pictures[name, axes] = screen.viewer.screenshot(canvas_only=True, flash=False)
        screen.viewer.layers.clear()
        screen.viewer.dims.order = (0, 1, 2)
    for (name, axes), picture in pictures.items():
        assert picture.std() > 10
        np.testing.assert_array_equal(picture, pictures["LPS", axes], err_msg=f"{name} {axes}")


@pytest.mark.viewer
def test_a_sagittal_series_of_thick_slices_opens_in_its_own_plane(screen):
    screen.viewer.layers.clear()
    volume = _stored(*SAGITTAL)
    thick = volume.affine.copy()
    thick[:3, 0] *= 12  # 6 mm from slice to slice
    data, described, _kind = layer_of(Volume(volume.array, thick, modality="MR"), "spine")
    screen.viewer.add_image(data, **described)
    screen.settle()
    assert screen.viewer.dims.not_displayed == (2,)
    screen.click(3, 11)
    assert screen.engine.calls[0][0].axis == 0


def test_a_volume_stored_another_way_round_lies_on_the_first():
    volume = _stored((0, 1, 2), (1, 1, 1))
    data, described, _kind = layer_of(volume, "first")
    first = Image(data, **described)
    for other in (*(_stored(*order) for order in SOME.values()), _stored(*SAGITTAL, 0.5)):
        data, described, _kind = layer_of(other, "other", first)
        assert not misfit(volume, [Image(data, **described)])
    data, described, _kind = layer_of(_stored(*SAGITTAL, 3), "other", first)
    assert "turned by 3°" in misfit(volume, [Image(data, **described)])


def test_further_windows_of_a_file_leave_the_digits_to_the_usual_ones():
    plain = Volume(np.arange(60.0).reshape(3, 4, 5), np.eye(4), modality="CT", window=(-160, 240))
    named = (("SOFT", (-160.0, 240.0)), ("TEMPORAL BONE", (-1200.0, 2800.0)), ("", (0.0, 80.0)))
    usual, more = windows_of(plain), windows_of(replace(plain, windows=named))
    assert more[: len(usual)] == usual
    assert [(item.name, item.window) for item in more[len(usual) :]] == [
        ("TEMPORAL BONE", (-1200, 2800)),
        ("of the file, 3", (0, 80)),
    ]
