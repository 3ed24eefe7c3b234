"""Prompts as networks are given them."""

import numpy as np
import pytest
import torch

from napari_samunet.models.prompt_tensors import PromptTensors

CLICK = PromptTensors.of(np.array([[3.0, 4.0]]), np.array([1]))


def test_a_batch_of_one_is_made_of_arrays_and_nothing_stays_nothing():
    assert CLICK.points_xy.shape == (1, 1, 2)
    empty = PromptTensors.of(np.zeros((0, 2)), np.zeros(0), np.array([1.0, 2, 5, 6]))
    assert empty.points is None
    assert empty.clicks == 0
    assert empty.box_xyxy.tolist() == [[1, 2, 5, 6]]


@pytest.mark.parametrize("label", [0, -1])
def test_only_a_positive_click_alone_may_mean_several_things(label):
    assert CLICK.is_one_click
    assert not PromptTensors.of(np.array([[3.0, 4.0]]), np.array([label])).is_one_click
    assert not CLICK.with_clicks(CLICK.points_xy, CLICK.labels).is_one_click
    assert not PromptTensors(*CLICK.points, mask_logits=torch.zeros(1, 1, 8, 8)).is_one_click


def test_further_clicks_come_after_the_first_and_leave_the_box():
    boxed = PromptTensors(box_xyxy=torch.tensor([[1.0, 2, 5, 6]]))
    more = boxed.with_clicks(*CLICK.points).with_clicks(
        torch.full((1, 1, 2), 9.0), torch.tensor([[0]])
    )
    assert more.points_xy[0].tolist() == [[3, 4], [9, 9]]
    assert more.labels[0].tolist() == [1, 0]
    assert more.box_xyxy is boxed.box_xyxy


def test_moving_them_keeps_all_that_they_say():
    drawn = PromptTensors.of(
        np.array([[3.0, 4.0]]), np.array([1]), mask_logits=torch.zeros(1, 8, 8), is_drawn=True
    )
    moved = drawn.to("cpu")
    assert moved.is_drawn
    assert moved.mask_logits.shape == (1, 1, 8, 8)
    assert not CLICK.to("cpu").is_drawn
