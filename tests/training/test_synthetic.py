"""Synthetic scenes must be what the network is told they are."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_samunet.training.anatomy import FIRST_BLOB, FIRST_REGION, IDS, Labels, draw_labels
from napari_samunet.training.appearance import paint
from napari_samunet.training.interaction import (
    corrections,
    draw_boxes,
    draw_opening,
    draw_painted,
    draw_strokes,
    first_clicks,
)
from napari_samunet.training.shapes import arc_level, tree_level
from napari_samunet.training.targets import draw_samples


def _scenes(seed=0, batch=2, side=96):
    generator = torch.Generator().manual_seed(seed)
    labels = draw_labels(generator, batch, side)
    return labels, paint(generator, labels)


def test_equal_seeds_give_equal_scenes_and_others_do_not():
    (labels, images), (again, same), (_, other) = _scenes(1), _scenes(1), _scenes(2)
    assert torch.equal(labels.ids, again.ids)
    assert torch.equal(images, same)
    assert not torch.equal(images, other)


def test_grey_values_are_a_window():
    for seed in range(4):
        _, images = _scenes(seed)
        assert torch.isfinite(images).all()
        assert images.min() >= 0
        assert images.max() <= 1
        assert images.flatten(1).std(1).min() > 0.01


def test_samples_show_their_target():
    rng = np.random.default_rng(0)
    labels, images = _scenes(3, batch=4)
    samples = draw_samples(rng, images, labels, per_scene=5, side=64)
    assert len(samples) >= 5
    for sample in samples:
        assert sample.image.shape == sample.mask.shape == (64, 64)
        assert sample.mask.any()
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
    assert {sample.boxed for sample in samples} == {True, False}


def test_prompts_point_at_the_target_and_corrections_at_the_error():
    rng = np.random.default_rng(0)
    masks = torch.zeros(2, 1, 64, 64, dtype=torch.bool)
    masks[0, 0, 10:30, 20:40] = True
    masks[1, 0, 5:15, 40:60] = True
    points, labels = first_clicks(rng, masks)
    for (x, y), mask in zip(points[:, 0].long().tolist(), masks, strict=True):
        assert mask[0, y, x]
    assert labels.eq(1).all()
    boxes = draw_boxes(rng, masks)
    assert torch.allclose(boxes[0], torch.tensor([20.0, 10, 39, 29]), atol=4)
    found = masks.clone()
    found[0, 0, 40:60, 5:25] = True
    added, kinds = corrections(rng, masks, found)
    assert kinds[:, 0].tolist() == [0, -1]
    assert 5 <= added[0, 0, 0] < 25
    assert 40 <= added[0, 0, 1] < 60


def test_strokes_lie_in_the_target_and_painted_masks_on_it():
    rng = np.random.default_rng(1)
    masks = torch.zeros(2, 1, 64, 64, dtype=torch.bool)
    masks[:, 0, 20:44, 16:40] = True
    points, labels = draw_strokes(rng, masks)
    assert labels.shape == points.shape[:2]
    assert all(masks[0, 0, int(y), int(x)] for x, y in points[0].tolist())
    for _ in range(8):
        painted = draw_painted(rng, masks)
        assert set(painted.unique().tolist()) <= {-10.0, 10.0}
        assert ((painted > 0) & masks).flatten(1).any(1).all()


def test_a_batch_without_boxes_begins_in_every_way_that_people_do():
    rng = np.random.default_rng(2)
    masks = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    masks[..., 8:20, 8:20] = True
    openings = [draw_opening(rng, masks, boxed=False) for _ in range(60)]
    assert any(opening.is_one_click for opening in openings)
    assert any(opening.mask_logits is not None for opening in openings)
    assert any(opening.clicks > 1 for opening in openings)
    assert draw_opening(rng, masks, boxed=True).box_xyxy is not None


@pytest.mark.parametrize("level", [arc_level, tree_level])
def test_arcs_and_trees_are_slender_and_of_one_piece(level):
    generator = torch.Generator().manual_seed(4)
    axis = torch.linspace(-1, 1, 160)
    x, y = axis.view(1, 1, -1).expand(12, 160, 160), axis.view(1, -1, 1).expand(12, 160, 160)
    reach, width = torch.full((12, 1, 1), 0.6), torch.full((12, 1, 1), 0.08)
    for drawn in (level(generator, x, y, reach, width) < 1).numpy():
        assert ndimage.label(drawn)[1] == 1
        assert ndimage.distance_transform_edt(drawn).max() < 0.14 * 80
        assert drawn[:, 20:-20].any()


def _handmade(ids, seed=0):
    """Samples of a scene whose ids are told apart by their grey values."""
    labels = Labels(ids[None], torch.zeros(1, IDS, dtype=torch.int64), torch.ones(1, IDS))
    greys = torch.full((IDS,), 0.05)
    greys[FIRST_REGION], greys[FIRST_BLOB], greys[FIRST_BLOB + 2] = 0.3, 0.8, 0.5
    return draw_samples(np.random.default_rng(seed), greys[ids][None], labels, 80, 64)


def test_nobody_boxes_what_other_things_leave():
    ids = torch.zeros(96, 96, dtype=torch.int64)
    ids[20:70, 20:70] = FIRST_REGION
    ids[22:68, 24:70] = FIRST_BLOB  # of the region a thin bracket is left
    fills = {True: [], False: []}
    for sample in _handmade(ids):
        rows, cols = np.nonzero(sample.mask)
        area = (np.ptp(rows) + 1) * (np.ptp(cols) + 1)
        fills[sample.boxed].append(len(rows) / area)
    assert min(fills[True]) > 0.5
    assert min(fills[False]) < 0.3, "a click may mean it"


def test_a_large_hole_is_left_open_and_a_small_one_mostly_filled():
    row, col = torch.meshgrid(torch.arange(96) - 48, torch.arange(96) - 48, indexing="ij")
    far = torch.hypot(row.float(), col.float())
    ring = torch.where((far < 30) & (far > 15), FIRST_BLOB, FIRST_REGION)
    assert all(_share_of_hole(sample.mask) > 0.1 for sample in _boxed(ring))
    pierced = torch.where((far < 30) & (far > 4), FIRST_BLOB, FIRST_REGION)
    holes = [_share_of_hole(sample.mask) for sample in _boxed(pierced)]
    assert min(holes) == 0 < max(holes)


def _boxed(ids):
    return [s for s in _handmade(ids) if s.boxed and not s.mask[[0, -1]].any()]


def _share_of_hole(mask):
    return (ndimage.binary_fill_holes(mask) & ~mask).sum() / mask.sum()


def test_large_targets_are_shown_with_the_whole_slice_and_nothing_beyond_it():
    ids = torch.full((96, 96), FIRST_REGION)
    ids[12:84, 20:80] = FIRST_BLOB
    shown = [sample for sample in _handmade(ids) if sample.boxed]
    assert shown
    assert all((sample.image > 0.2).all() for sample in shown), "black beyond the slice"
