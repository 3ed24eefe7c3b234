"""Index ↔ world: nothing moves, flips or drifts on the way there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from napari_samunet import geometry
from napari_samunet.errors import InputError, OutsideImage

lengths = st.floats(0.05, 20)
offsets = st.floats(-2000, 2000)


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Oblique, flipped, anisotropic grids with their axes in any order."""
    turn = Rotation.from_euler("xyz", [draw(st.floats(-180, 180)) for _ in range(3)], degrees=True)
    signs = [draw(st.sampled_from((-1.0, 1.0))) for _ in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = turn.as_matrix() * signs * [draw(lengths) for _ in range(3)]
    affine[:3, 3] = [draw(offsets) for _ in range(3)]
    return affine


points = st.lists(st.tuples(*[st.floats(-10, 600)] * 3), min_size=1, max_size=5).map(np.array)


@given(affines(), points)
def test_a_point_comes_back_from_the_world(affine: np.ndarray, points_zyx: np.ndarray) -> None:
    world = geometry.index_to_world(points_zyx, affine)
    np.testing.assert_allclose(geometry.world_to_index(world, affine), points_zyx, atol=1e-6)


@given(affines())
def test_exchanging_axes_and_worlds_twice_changes_no_bit(affine: np.ndarray) -> None:
    assert np.array_equal(geometry.reverse_axes(geometry.reverse_axes(affine)), affine)
    assert np.array_equal(geometry.flip_lps_ras(geometry.flip_lps_ras(affine)), affine)


@given(affines(), points)
def test_reversed_axes_name_the_same_place(affine: np.ndarray, points_zyx: np.ndarray) -> None:
    there = geometry.index_to_world(points_zyx[:, ::-1], geometry.reverse_axes(affine))
    np.testing.assert_allclose(there, geometry.index_to_world(points_zyx, affine), atol=1e-9)


@given(affines())
def test_turned_and_flipped_grids_are_not_taken_for_sheared(affine: np.ndarray) -> None:
    assert not geometry.is_sheared(affine)


@given(affines())
def test_every_axis_gets_a_letter_pair_of_its_own(affine: np.ndarray) -> None:
    letters = geometry.axis_letters(affine)
    assert {frozenset(pair) for pair in letters} == {
        frozenset("LR"),
        frozenset("PA"),
        frozenset("IS"),
    }


def test_the_default_grid_runs_to_the_left_to_posterior_and_up() -> None:
    affine = geometry.default_affine((5.0, 1.0, 2.0))
    assert geometry.axis_letters(affine) == (("I", "S"), ("A", "P"), ("R", "L"))
    np.testing.assert_array_equal(geometry.spacing_of(affine), (5, 1, 2))


def test_a_tilted_gantry_is_seen_as_shear() -> None:
    affine = geometry.default_affine()
    affine[1, 0] = np.tan(np.radians(10))
    assert geometry.shear_degrees(affine) == pytest.approx(10)
    assert geometry.is_sheared(affine)


def test_planes_keep_the_order_of_the_other_axes() -> None:
    assert [geometry.plane_axes(axis) for axis in range(3)] == [(1, 2), (0, 2), (0, 1)]
    assert geometry.plane_shape((4, 5, 6), 1) == (4, 6)
    with pytest.raises(OutsideImage, match="0, 1 or 2, not 3"):
        geometry.plane_axes(3)


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (np.eye(3), "4 by 4"),
        (np.full((4, 4), np.nan), "finite"),
        (np.ones((4, 4)), "last row|0 0 0 1"),
        (np.diag([1.0, 0, 1, 1]), "flattens"),
    ],
)
def test_what_is_no_affine_is_refused(affine: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        geometry.as_affine(affine)


def test_a_single_slice_without_thickness_gets_one() -> None:
    flat = np.diag([1.0, 2.0, 0.0, 1.0])
    np.testing.assert_array_equal(
        geometry.complete_affine(flat, (5, 5, 1)), np.diag([1.0, 2.0, 1.0, 1.0])
    )
    assert geometry.complete_affine(flat, (5, 5, 2)) is flat


def test_two_grids_are_as_far_apart_as_their_farthest_corners() -> None:
    moved = geometry.default_affine()
    moved[0, 2] -= 0.01
    far = geometry.grid_distance_mm(geometry.default_affine(), moved, (3, 4, 101))
    assert far == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("runs", "world"),
    [
        (("A", "S", "R"), (1, 2, 0)),
        (("S", "R", "A"), (2, 0, 1)),
        (("R", "S", "A"), (0, 2, 1)),
    ],
    ids=["coronal", "axial, transposed", "sagittal"],
)
def test_each_axis_is_named_by_where_it_runs_in_the_patient(
    runs: tuple[str, ...], world: tuple[int, ...]
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(world)] * (4, 0.5, 0.5)
    affine[:3, :3] = (
        Rotation.from_euler("xyz", (9, -7, 5), degrees=True).as_matrix() @ affine[:3, :3]
    )
    assert geometry.nearest_world_axes(affine) == world
    assert tuple(high for _, high in geometry.axis_letters(affine)) == runs


def test_two_axes_that_run_the_same_way_are_no_grid() -> None:
    affine = np.eye(4)
    affine[:3, 1] = 2 * affine[:3, 0]
    with pytest.raises(InputError, match="flattens"):
        geometry.as_affine(affine)
