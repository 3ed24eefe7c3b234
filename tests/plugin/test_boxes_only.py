"""Clicks for a model that knows boxes only: the window says what it made of them."""

import pytest
import torch
from qtpy.QtCore import Qt
from torch import nn

from napari_samunet.inference.engine import Engine
from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import System
from napari_samunet.plugin.widget import SegmentationWidget

pytestmark = pytest.mark.viewer
SIDE = 64
BOXES_ONLY = InputContract(
    side=SIDE, fit="stretch", resample="nearest", mask_side=SIDE, trained=frozenset({"box"})
)


class FillsItsBox(nn.Module):
    """Answers with the box; without one with nothing. Has no opinion of its mask."""

    def encode(self, image):
        return {"embedding": image}

    def decode(self, features, prompts):
        logits = torch.full((1, 1, SIDE, SIDE), -5.0)
        if prompts.box_xyxy is not None:
            x0, y0, x1, y1 = prompts.box_xyxy[0].round().int().tolist()
            logits[..., y0 : y1 + 1, x0 : x1 + 1] = 5.0
        return logits, None


@pytest.fixture
def boxes_only(screen):
    """The window with such a model in place of the usual one."""
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.widget.close_session()
    engine = Engine(System("boxes", BOXES_ONLY, FillsItsBox(), "boxes"))
    screen.widget = SegmentationWidget(screen.viewer, lambda name: engine, screen.shelf)
    screen.viewer.window.add_dock_widget(screen.widget, name="Boxes only")
    screen.until(lambda: screen.controller.model_ready)
    return screen


def test_a_click_that_became_a_box_is_told_in_the_status_line(boxes_only):
    boxes_only.click(30, 40)
    assert "a box was derived from the clicks" in boxes_only.widget.status.text
    assert "Accept" in boxes_only.widget.status.text
    boxes_only.click(30, 50)
    assert "from the mask and the clicks" in boxes_only.widget.status.text


def test_a_box_that_a_person_drew_needs_no_word(boxes_only):
    boxes_only.press(Qt.Key.Key_W)
    boxes_only.drag((20, 30), (40, 50))
    assert boxes_only.session.preview.mask[30, 40]
    assert "derived" not in boxes_only.widget.status.text


def test_a_score_that_only_tells_steadiness_does_not_call_itself_quality(boxes_only):
    boxes_only.click(30, 40)
    shown = boxes_only.widget.objects._score
    assert shown.text() == "Steady 100 %"
    assert "does not judge" in shown.toolTip()
