"""A mask that is kept small is the same mask, and says how large it is without being unpacked."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.packed import PackedMask, place_of_all


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (40, 53), (64, 64)])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_a_mask_comes_back_as_it_was_and_knows_its_pixels(shape: tuple[int, int], share: float):
    mask = np.random.default_rng(4).random(shape) < share
    packed = PackedMask.of(mask)
    np.testing.assert_array_equal(packed.unpack(), mask)
    assert packed.pixels == int(mask.sum())
    assert packed.is_empty == (not mask.any())
    for axis, line in enumerate(packed.lines):
        whole = np.zeros(shape[axis], bool)
        whole[packed.place[axis]] = line
        np.testing.assert_array_equal(whole, mask.any(axis=1 - axis))


def test_the_place_of_several_masks_holds_them_all_and_nothing_more():
    masks = np.zeros((2, 30, 40), bool)
    masks[0, 4, 20:31], masks[1, 3:9, 25] = True, True
    assert place_of_all(map(PackedMask.of, masks)) == (slice(3, 9), slice(20, 31))


def test_pixels_that_two_masks_share_are_counted_wherever_they_lie():
    rng = np.random.default_rng(5)
    for _ in range(20):
        one, other = (np.zeros((30, 40), bool) for _ in range(2))
        for mask in (one, other):
            top, left = rng.integers(0, 20, 2)
            mask[top : top + 9, left : left + 15] = rng.random((9, 15)) < 0.7
        shared = PackedMask.of(one).shared_pixels(PackedMask.of(other))
        assert shared == int((one & other).sum())


def test_what_is_unpacked_may_be_painted_in_and_the_kept_mask_stays():
    packed = PackedMask.of(np.eye(6, dtype=bool))
    packed.unpack()[:] = True
    packed.crop()[:] = True
    assert packed.pixels == 6
    np.testing.assert_array_equal(packed.mask, np.eye(6, dtype=bool))
    with pytest.raises(ValueError, match="read-only"):
        packed.mask[0, 1] = True
