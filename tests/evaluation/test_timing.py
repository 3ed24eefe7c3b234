"""Whoever reads the table of times must be able to believe and repeat it."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_samunet import load_model
from napari_samunet.evaluation import costs
from napari_samunet.evaluation.contenders import Pair
from napari_samunet.evaluation.costs import slices
from napari_samunet.evaluation.timing import Row, flops_of, ratio_table, table, take_turns
from napari_samunet.preprocess.intensity import to_uint8


def test_contenders_take_turns_so_that_a_busy_machine_strikes_all_alike():
    order = []
    rows = take_turns(
        "encode", {"a": lambda _: order.append("a"), "b": lambda _: order.append("b")}, repeat=3
    )
    assert order == ["a", "b"] * 4  # one round warms up
    assert [(row.name, len(row.values)) for row in rows] == [("a", 3), ("b", 3)]


def test_times_are_milliseconds():
    (row,) = take_turns("wait", {"a": lambda _: time.sleep(0.02)}, repeat=2)
    assert 20 <= row.median < 20_000, "microseconds would be more, however busy the machine"


def test_the_ratio_says_how_many_times_as_fast_as_the_first():
    rows = [
        Row("encode", "theirs", (20.0, 30.0, 40.0)),
        Row("encode", "ours", (10.0,)),
        Row("ahead", "theirs", (2.0,), "slices/s"),
        Row("ahead", "ours", (6.0,), "slices/s"),
    ]
    lines = table(rows).splitlines()[2:]
    assert lines[0].startswith("| encode | theirs | 30 ms |")
    assert lines[1].endswith("| 3.00 |")
    assert lines[3].endswith("| 3.00 |")


def test_every_block_of_a_table_names_what_was_measured():
    rows = [Row("share", "a", (1.0,), "%"), Row("encode", "b", (2.0,)), Row("share", "c", (3.0,))]
    assert [line.split(" | ")[0] for line in table(rows).splitlines()[2:]] == [
        "| share",
        "| encode",
        "| share",
    ]


def test_a_report_for_others_tells_ratios_and_not_this_machine_s_speed():
    rows = [
        Row("encode", "theirs", (20.0,)),
        Row("encode", "ours", (10.0,)),
        Row("ahead", "ours", (25.0,), "slices/s"),
        Row("memory", "ours", (7.0,), "MB"),
    ]
    lines = ratio_table(rows, rows[0]).splitlines()[2:]
    assert "| 0.5 |" in lines[1]
    assert lines[1].endswith("| 2.00 |")
    assert "| 2 |" in lines[2]  # 40 ms a slice
    assert "| 7 MB |" in lines[3]


def test_what_could_not_be_measured_says_why():
    text = table([Row("encode", "SamPredictor", note="left out: torchvision not installed")])
    assert "left out: torchvision not installed" in text


def test_a_matrix_product_is_counted_as_two_operations_a_pair():
    left, right = torch.rand(8, 16), torch.rand(16, 4)
    assert flops_of(lambda: left @ right) == 2 * 8 * 16 * 4


def test_everybody_is_shown_the_same_picture():
    shown = []
    other = SimpleNamespace(encode=shown.append, decode=lambda *_: None)
    ours = load_model("builtin", device="cpu")
    costs.encoding("builtin", Pair(ours, ours), 1, other)
    costs.decoding("builtin", Pair(ours, ours), 1, other)
    planes = [*slices(2).array, *slices(1).array]
    assert len(shown) == 3
    for picture in shown:
        assert any(np.array_equal(picture, to_uint8(plane, costs.WINDOW)) for plane in planes)


def test_no_two_slices_are_alike_so_that_no_cache_helps():
    array = slices(5, 64).array
    assert len({plane.tobytes() for plane in array}) == 5


@pytest.mark.parametrize("values", [(5.0,), (1.0, 5.0, 9.0)])
def test_the_median_is_told(values):
    assert Row("a", "b", values).median == 5
