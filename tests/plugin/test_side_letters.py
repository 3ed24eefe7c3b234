"""Nobody takes the right side for the left: the edges of the canvas name the patient's sides."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel

from napari_samunet.geometry import index_to_world
from napari_samunet.io.volume import Source, Volume
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import display_of

pytestmark = pytest.mark.viewer

SHAPE = (40, 50, 60)
AXIAL, CORONAL, SAGITTAL = (0, 1, 2), (1, 0, 2), (2, 0, 1)
LPS, RAS = np.diag([-1.0, -1, 1]), np.eye(3)
SIDES = (("L", "R"), ("P", "A"), ("I", "S"))
EDGES = ("top", "bottom", "left", "right")


def _affine(world_xyz: np.ndarray) -> np.ndarray:
    """Voxels of 1 mm whose x, y and z axes point along the columns, in RAS."""
    affine = np.eye(4)
    affine[:3, :3] = world_xyz[:, ::-1]
    return affine


def _turned(degrees: float) -> np.ndarray:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _open(screen, affine, array=None):
    array = np.zeros(SHAPE, np.int16) if array is None else array
    data, described, _kind = layer_of(Volume(array, affine, modality="CT"), "ct")
    image = screen.viewer.add_image(data, **described)
    screen.settle()
    return image


def _letters(screen) -> str:
    """Top, bottom, left and right, or nothing where no letter is seen."""
    screen.settle(0.1)
    labels = [screen.canvas.findChild(QLabel, f"side {edge}") for edge in EDGES]
    return "".join(label.text() for label in labels if label.isVisible())


@pytest.mark.parametrize(
    "world_xyz",
    [LPS, RAS, np.diag([1.0, -1, -1]), RAS[[0, 2, 1]], LPS[[1, 2, 0]], LPS @ _turned(30)],
    ids=["LPS", "RAS", "flipped", "coronal", "sagittal", "oblique"],
)
@pytest.mark.parametrize("order", [AXIAL, CORONAL, SAGITTAL], ids=["axis 0", "axis 1", "axis 2"])
def test_what_lies_on_a_side_of_the_patient_is_seen_at_the_edge_with_its_letter(
    screen, world_xyz, order
):
    array, affine = np.zeros(SHAPE, np.int16), _affine(world_xyz)
    array[3:13, 3:13, 3:13] = 1000
    image = _open(screen, affine, array)
    screen.viewer.dims.order = order
    screen.viewer.dims.set_point(order[0], display_of(image).to_shown((8, 8, 8))[order[0]])
    screen.viewer.reset_view()
    letters = _letters(screen)
    picture = screen.viewer.screenshot(canvas_only=True, flash=False)[..., :3].min(axis=2)
    seen = np.argwhere(picture > 200).mean(axis=0) > np.array(picture.shape) / 2
    spot, middle = index_to_world([8, 8, 8], affine), index_to_world(np.divide(SHAPE, 2), affine)
    for pair, beyond in zip((letters[:2], letters[2:]), seen, strict=True):
        axis = next(axis for axis, sides in enumerate(SIDES) if set(sides) == set(pair))
        assert pair[int(beyond)] == SIDES[axis][int(spot[axis] > middle[axis])]


def test_all_three_planes_are_shown_as_radiologists_expect(screen):
    _open(screen, _affine(LPS))
    found = {}
    for order in (AXIAL, CORONAL, SAGITTAL):
        screen.viewer.dims.order = order
        found[order] = _letters(screen)
    assert found == {AXIAL: "APRL", CORONAL: "SIRL", SAGITTAL: "SIAP"}


def test_who_rolls_the_axes_sees_all_three_planes_upright_and_comes_back(screen):
    _open(screen, _affine(LPS))
    seen = []
    for _ in range(4):
        screen.viewer.dims.roll()
        seen.append((screen.viewer.dims.order, _letters(screen)))
    turn = [(SAGITTAL, "SIAP"), (CORONAL, "SIRL"), (AXIAL, "APRL")]
    assert seen == [*turn, turn[0]]


def test_who_transposes_a_plane_on_purpose_sees_it_so(screen):
    _open(screen, _affine(LPS))
    for order in (AXIAL, CORONAL, SAGITTAL):
        screen.viewer.dims.order = order
        screen.viewer.dims.transpose()
        assert screen.viewer.dims.order == (order[0], order[2], order[1])


def test_an_array_that_states_no_place_is_rolled_as_napari_does(screen):
    screen.viewer.dims.roll()
    screen.viewer.dims.roll()
    assert screen.viewer.dims.order == (1, 2, 0)


def test_flips_of_the_view_and_of_the_layer_change_the_letters(screen):
    image = _open(screen, _affine(LPS))
    screen.viewer.scene.camera.orientation2d = ("up", "right")
    assert _letters(screen) == "PARL"
    image.affine = np.diag([1.0, 1, -1, 1])
    assert _letters(screen) == "PALR"
    image.affine = np.eye(4)
    image.rotate = 90
    screen.viewer.scene.camera.orientation2d = ("down", "right")
    assert set(_letters(screen)[:2]) == {"R", "L"}


def test_no_letter_is_guessed(screen):
    assert _letters(screen) == ""  # an array: nobody knows where it lies
    _open(screen, _affine(LPS))
    assert _letters(screen) == "APRL"
    screen.viewer.dims.ndisplay = 3
    assert _letters(screen) == ""
    screen.viewer.dims.ndisplay = 2
    assert _letters(screen) == "APRL"
    screen.viewer.layers.clear()
    assert _letters(screen) == ""


def test_an_ultrasound_that_states_no_place_gets_no_letters(screen):
    unplaced = Volume(np.zeros(SHAPE), _affine(LPS), modality="US", source=Source(kind="dicom"))
    data, described, _kind = layer_of(unplaced, "heart")
    screen.viewer.add_image(data, **described)
    assert _letters(screen) == ""


def test_the_letters_stay_at_the_edges_and_let_the_mouse_through(screen):
    _open(screen, _affine(LPS))
    for width in (1200, 1000):
        screen.viewer.window.resize(width, 600)
        screen.settle(0.2)
        right = screen.canvas.findChild(QLabel, "side right").geometry()
        bottom = screen.canvas.findChild(QLabel, "side bottom").geometry()
        assert 0 < screen.canvas.width() - right.right() < 12
        assert 0 < screen.canvas.height() - bottom.bottom() < 12
        assert abs(bottom.center().x() - screen.canvas.width() / 2) < 3
        assert screen.canvas.childAt(right.center()) is None


def test_the_letters_go_with_the_panel(screen):
    image = _open(screen, _affine(LPS))
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.settle()
    assert screen.canvas.findChild(QLabel, "side left") is None
    screen.viewer.dims.order = CORONAL
    image.rotate = 90
    screen.dock()
    assert len(_letters(screen)) == 4
