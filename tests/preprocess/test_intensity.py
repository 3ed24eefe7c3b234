import dataclasses

import numpy as np
import pytest

from napari_samunet.errors import InputError
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import CT_WINDOW, choose_window, shown_window, to_uint8

GREY = np.arange(2 * 30 * 40, dtype=np.int16).reshape(2, 30, 40)


def test_the_window_asked_for_wins_then_the_files_own_then_soft_tissue():
    plain = Volume.from_array(GREY, modality="CT")
    windowed = dataclasses.replace(plain, window=(10.0, 90.0))
    assert choose_window(windowed, (1, 2)) == (1.0, 2.0)
    assert choose_window(windowed) == (10.0, 90.0)
    assert choose_window(plain) == CT_WINDOW


def test_without_any_hint_the_window_is_the_volumes_percentiles():
    low, high = choose_window(Volume.from_array(GREY))
    assert (low, high) == pytest.approx(tuple(np.percentile(GREY, [0.5, 99.5])), abs=1)


def test_one_glaring_voxel_does_not_darken_the_volume():
    array = GREY.astype(np.float32)
    array[0, 0, 0] = 1e9
    assert choose_window(Volume.from_array(array))[1] < 3000


def test_a_flat_volume_still_has_a_window():
    low, high = choose_window(Volume.from_array(np.full((2, 4, 4), 7)))
    assert low < high


@pytest.mark.parametrize("window", [(5, 5), (9, 1), (float("nan"), 3)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(InputError, match="low < high"):
        choose_window(Volume.from_array(GREY), window)


@pytest.mark.parametrize("window", [(1, 2, 3), "soft tissue", 5])
def test_what_is_no_pair_of_numbers_is_refused_as_a_window(window):
    with pytest.raises(InputError, match=r"\(low, high\), two numbers"):
        choose_window(Volume.from_array(GREY), window)


def test_the_window_is_rounded_to_eight_bits_and_clipped():
    shown = to_uint8(np.array([[-500, -160, 40, 239, 240, 3000]], np.int16), (-160, 240))
    assert shown.tolist() == [[0, 0, 128, 254, 255, 255]]


def test_low_values_are_bright_where_the_file_means_them_to_be():
    values = np.array([[0, 25, 100]], np.int16)
    negative = Volume(values[None], np.eye(4), window=(0, 100), negative=True)
    assert shown_window(negative) == (100, 0)
    assert to_uint8(values, shown_window(negative)).tolist() == [[255, 191, 0]]


def test_what_is_no_number_shows_black():
    assert to_uint8(np.array([[np.nan, np.inf, -np.inf]]), (0, 1)).tolist() == [[0, 255, 0]]


def test_a_small_part_of_a_cleared_volume_shows_all_its_greys():
    voxels = np.zeros((1, 100, 100), np.float32)
    voxels[0, :4, :10] = np.linspace(100, 900, 40).reshape(4, 10)  # 0.4 % of it
    low, high = choose_window(Volume.from_array(voxels))
    assert low == 0
    assert high == pytest.approx(900, rel=0.01)


@pytest.mark.parametrize(
    ("offset", "kind"), [(2**30, np.int32), (2**40, np.int64), (1e9, np.float64)]
)
def test_greys_far_from_zero_are_told_apart(offset, kind):
    plane = np.arange(256).reshape(16, 16) + np.asarray(offset, kind)
    np.testing.assert_array_equal(to_uint8(plane, (offset, offset + 255)).ravel(), np.arange(256))
