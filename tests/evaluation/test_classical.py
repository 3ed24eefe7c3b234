"""Classical tools get a fair start: an object that stands out of its box is found by both."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.evaluation.baselines import inscribed_ellipse
from napari_samunet.evaluation.classical import classical_tools, cut_out
from napari_samunet.evaluation.metrics import dice


@pytest.mark.parametrize("name", ["GrabCut", "random walker"])
def test_a_bright_object_is_cut_out_of_its_box(name: str):
    rows, cols = np.indices((90, 110))
    truth = (np.abs(rows - 40) / 25) ** 4 + (np.abs(cols - 60) / 30) ** 4 <= 1
    noise = np.random.default_rng(0).normal(0, 8, truth.shape)
    shown = np.clip(np.where(truth, 180, 70) + noise, 0, 255).astype(np.uint8)
    found = cut_out(classical_tools()[name], shown, (15, 30, 65, 90))
    assert found.shape == truth.shape
    assert dice(truth, found) > 0.95
    assert dice(truth, found) > dice(truth, inscribed_ellipse(truth.shape, (15, 30, 65, 90)))


@pytest.mark.parametrize("name", ["GrabCut", "random walker"])
@pytest.mark.parametrize("box", [(0, 0, 39, 39), (5, 5, 5, 5)])
def test_a_box_of_the_whole_slice_or_of_one_pixel_is_answered(name: str, box):
    found = cut_out(classical_tools()[name], np.full((40, 40), 100, np.uint8), box)
    assert found.shape == (40, 40)


def test_without_opencv_grabcut_is_left_out(monkeypatch):
    monkeypatch.setattr("napari_samunet.evaluation.classical.find_spec", lambda name: None)
    assert list(classical_tools()) == ["random walker"]
