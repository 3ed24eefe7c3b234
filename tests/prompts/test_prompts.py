import numpy as np
import pytest

from napari_samunet.errors import EmptyPrompt, InputError, OutsideImage
from napari_samunet.prompts.encode import to_xy
from napari_samunet.prompts.prompts import Prompts


def test_prompts_cannot_be_changed_from_outside():
    points = np.array([[1.0, 2.0]])
    prompts = Prompts(points, [1])
    points[0, 0] = 99
    assert prompts.points.tolist() == [[1, 2]]
    with pytest.raises(ValueError, match="read-only"):
        prompts.points[0, 0] = 5


@pytest.mark.parametrize("prompts", [Prompts(), Prompts(mask=np.zeros((10, 10), bool))])
def test_nothing_prompted_is_refused_with_what_is_needed(prompts):
    with pytest.raises(EmptyPrompt, match="point, a box or a painted mask"):
        prompts.check((10, 10))


@pytest.mark.parametrize(
    "prompts",
    [
        Prompts([(10, 3)], [1]),
        Prompts([(3, -1)], [1]),
        Prompts(box=(0, 0, 4, 12)),
    ],
)
def test_prompts_outside_the_slice_are_refused_with_its_size(prompts):
    with pytest.raises(OutsideImage, match="rows 0 to 9 and columns 0 to 9"):
        prompts.check((10, 10))


def test_the_half_pixel_around_the_border_belongs_to_the_slice():
    Prompts([(-0.5, 9.4)], [1]).check((10, 10))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": [(1, 2)], "labels": []}, "needs a label"),
        ({"points": [(1, 2)], "labels": [2]}, "positive"),
        ({"points": [(1, 2, 3)], "labels": [1]}, "shape"),
        ({"points": [(1, float("nan"))], "labels": [1]}, "finite"),
        ({"box": (1, 2, 3)}, "row_min"),
        ({"mask": np.zeros(5)}, "shape"),
    ],
)
def test_prompts_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Prompts(**arguments)


def test_a_box_drawn_from_any_corner_is_the_same_box():
    assert Prompts(box=(9, 8, 1, 2)).box == (1, 2, 9, 8)


def test_rows_and_columns_become_x_and_y():
    assert to_xy(np.array([[1, 2], [3, 4]])).tolist() == [[2, 1], [4, 3]]
    assert to_xy(np.array([1, 2, 3, 4])).tolist() == [2, 1, 4, 3]
