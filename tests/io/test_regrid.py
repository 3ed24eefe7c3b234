"""Masks of another grid lie on the tissue that they were drawn on, voxel by voxel."""

from __future__ import annotations

import numpy as np

from napari_samunet.io.regrid import onto, same_grid
from napari_samunet.io.volume import Volume


def test_a_mask_on_a_grid_of_another_spacing_lands_on_its_own_tissue() -> None:
    """To the rim of its grid: a voxel is there up to half its size from its centre."""
    labels = np.random.default_rng(4).integers(1, 9, (5, 6, 7)).astype(np.uint16)
    drawn, image = np.diag([3, 2, 2.5, 1]), np.diag([2, 1.5, 1, 1])
    image[:3, 3] = 0.3, -0.4, 0.2
    volume = Volume.from_array(np.zeros((9, 10, 20)), affine=image)
    index = np.indices(volume.shape).reshape(3, -1)
    there = np.linalg.inv(drawn) @ image @ np.vstack([index, np.ones(index.shape[1])])
    there = np.floor(there[:3] + 0.5).astype(int)
    inside = ((there >= 0) & (there < np.reshape(labels.shape, (3, 1)))).all(axis=0)
    wanted = np.zeros(index.shape[1], np.uint16)
    wanted[inside] = labels[tuple(there[:, inside])]
    found = onto(labels, drawn, volume)
    np.testing.assert_array_equal(found, wanted.reshape(volume.shape))
    assert found[:, 0].any(), "0.4 mm before the first centre, but within the first voxel"


def test_of_tiny_voxels_a_mask_many_of_them_away_is_not_taken_as_it_lies() -> None:
    volume = Volume.from_array(np.zeros((4, 5, 6)), spacing=(0.05, 0.05, 0.05))
    for away, same in ((0.001, True), (0.5, False)):
        moved = volume.affine.copy()
        moved[1, 3] += away
        assert same_grid(volume.shape, moved, volume) is same
