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
        ({"mask": [[0, 1], [2]]}, "true and false"),
        ({"mask": [["in", "out"]]}, "true and false"),
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


LOGITS = np.linspace(-8, 6, 100).reshape(10, 10)


@pytest.mark.parametrize(
    "values",
    [
        LOGITS,
        LOGITS.astype(np.float16),
        1 / (1 + np.exp(-LOGITS)),
        np.where(LOGITS > 0, 10, -10),
        np.where(LOGITS > 0, 1, np.nan),
        np.where(LOGITS > 0, np.inf, 0),
        np.arange(100).reshape(10, 10) // 30,
    ],
)
def test_logits_probabilities_and_label_maps_are_not_taken_for_a_mask_of_everything(values):
    with pytest.raises(
        InputError, match=r"came; of an answer give its `mask` .*`previous`"
    ) as told:
        Prompts(mask=values)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("inside", [True, 1, 255, 7, 1.0])
def test_a_mask_may_be_of_any_one_number(inside):
    drawn = LOGITS > 2
    taken = Prompts(mask=np.where(drawn, inside, type(inside)(0))).mask
    assert taken.dtype == bool
    np.testing.assert_array_equal(taken, drawn)
