"""The frame must bring every coordinate exactly where its pixel goes, and masks exactly back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_samunet.preprocess.frame import OUTSIDE, Frame
from napari_samunet.preprocess.roi import Roi

SHAPES = st.tuples(st.integers(20, 200), st.integers(20, 200))


def test_longest_side_scales_and_pads_right_and_bottom():
    frame = Frame((101, 122), 256, "longest", "pil-bilinear")
    assert frame.valid == (212, 256)
    image = frame.image_to_model(np.full((101, 122), 200, np.uint8))
    assert image.shape == (256, 256)
    assert (image[:212] == 200).all()
    assert not image[212:].any()


def test_published_systems_get_coordinates_without_a_half_pixel_shift():
    frame = Frame((101, 122), 256, "longest", "pil-bilinear")
    assert frame.points_to_model([(10, 61)])[0] == pytest.approx((10 * 212 / 101, 128.0))
    stretched = Frame((100, 50), 256, "stretch", "nearest")
    assert stretched.box_to_model((10, 10, 20, 20)) == pytest.approx((25.6, 51.2, 51.2, 102.4))


@pytest.mark.parametrize("side", [64, 128, 200])
def test_a_bright_pixel_of_a_region_is_seen_where_its_click_goes(side):
    image = np.zeros((90, 70), np.uint8)
    image[41, 33] = 255
    frame = Frame(image.shape, side, roi=Roi(20, 10, 50))
    seen = frame.image_to_model(image)
    rows, cols = np.mgrid[:side, :side]
    centre = (rows * seen).sum() / seen.sum(), (cols * seen).sum() / seen.sum()
    # Resampling one pixel shifts its centre of mass by a fraction of a model pixel.
    assert frame.points_to_model([(41, 33)])[0] == pytest.approx(centre, abs=0.2)


def test_a_region_may_reach_over_the_slice_and_shows_black_there():
    frame = Frame((40, 40), 64, roi=Roi(-16, -16, 32))
    seen = frame.image_to_model(np.full((40, 40), 100, np.uint8))
    assert not seen[:30, :30].any()
    assert (seen[34:, 34:] == 100).all()


@settings(max_examples=30, deadline=None)
@given(shape=SHAPES, data=st.data())
def test_a_mask_comes_back_where_it_was(shape, data):
    height, width = shape
    row = data.draw(st.integers(0, height - 12))
    col = data.draw(st.integers(0, width - 12))
    mask = np.zeros(shape, bool)
    mask[row : row + 12, col : col + 12] = True
    roi = Roi(row - 10, col - 10, 32)
    for frame in (Frame(shape, 128, roi=roi), Frame(shape, 256, "stretch", "nearest")):
        logits = frame.mask_to_model(mask, 128)
        back = frame.logits_to_slice(torch.from_numpy(logits)) > 0
        assert (back ^ mask).sum() <= 0.15 * mask.sum()


def test_outside_the_region_nothing_is_found():
    frame = Frame((50, 50), 32, roi=Roi(10, 10, 20))
    back = frame.logits_to_slice(torch.full((32, 32), 5.0))
    assert back.shape == (50, 50)
    assert (back[10:30, 10:30] > 4).all()
    assert (back[:10] == OUTSIDE).all()
    assert (back[:, 30:] == OUTSIDE).all()


def test_an_unchanged_region_feeds_back_what_it_answered():
    frame = Frame((64, 64), 64, roi=Roi(0, 0, 64))
    logits = np.linspace(-9, 9, 64 * 64, dtype=np.float32).reshape(64, 64)
    on_slice = frame.logits_to_slice(torch.from_numpy(logits))
    assert np.allclose(frame.logits_to_model(on_slice, 64), logits, atol=1e-5)


@pytest.mark.parametrize(("shape", "fit"), [((60, 41), "longest"), ((90, 200), "stretch")])
def test_masks_come_back_as_if_resized_to_the_frame_and_then_to_the_slice(shape, fit):
    frame = Frame(shape, 128, fit)
    logits = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    in_frame = F.interpolate(logits[None, None], (128, 128), mode="bilinear")
    rows, columns = frame.valid
    wanted = F.interpolate(in_frame[:, :, :rows, :columns], shape, mode="bilinear")[0, 0]
    assert np.allclose(frame.logits_to_slice(logits), wanted, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 600), (2000, 1)])
def test_a_plane_of_one_row_is_brought_there_and_back(shape):
    frame = Frame(shape, 256, "longest")
    assert frame.image_to_model(np.full(shape, 90, np.uint8)).max() == pytest.approx(90)
    assert min(frame.valid) == 1
    assert frame.logits_to_slice(torch.ones(64, 64)).shape == shape
