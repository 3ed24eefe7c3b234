import numpy as np
import pytest

from napari_samunet.errors import OutsideImage
from napari_samunet.geometry import plane_shape
from napari_samunet.preprocess.slicing import take_slice
from napari_samunet.types import SliceRef

VOLUME_ZYX = np.arange(5 * 7 * 9).reshape(5, 7, 9)


@pytest.mark.parametrize(
    ("axis", "expected"), [(0, VOLUME_ZYX[3]), (1, VOLUME_ZYX[:, 3]), (2, VOLUME_ZYX[:, :, 3])]
)
def test_each_axis_shows_its_own_plane(axis, expected):
    plane = take_slice(VOLUME_ZYX, SliceRef(axis, 3))
    assert np.array_equal(plane, expected)
    assert plane.shape == plane_shape(VOLUME_ZYX.shape, axis)


@pytest.mark.parametrize(("axis", "index"), [(0, 5), (1, -1), (2, 9)])
def test_a_slice_outside_is_refused_with_the_range(axis, index):
    with pytest.raises(OutsideImage, match=rf"Axis {axis} has slices 0 to .* slice {index}"):
        take_slice(VOLUME_ZYX, SliceRef(axis, index))


def test_an_axis_that_no_volume_has_is_refused():
    with pytest.raises(OutsideImage, match="axis 3"):
        take_slice(VOLUME_ZYX, SliceRef(3, 0))
