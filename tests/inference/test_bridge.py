"""A system that knows boxes only can be clicked, scribbled on and corrected all the same.

The stand-in fills what is bright inside its box, and is deaf to clicks and masks.
"""

import numpy as np
import pytest
import torch
from torch import nn

from napari_samunet import Prompts, Session, Volume
from napari_samunet.inference.engine import Engine
from napari_samunet.models.contract import InputContract
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.system import System

SIDE = 64
BOXES_ONLY = InputContract(
    side=SIDE, fit="stretch", resample="nearest", mean=(0.0,) * 3, std=(1.0,) * 3,
    mask_side=SIDE, trained=frozenset({"box"}),
)  # fmt: skip


class BrightInBox(nn.Module):
    """Bright pixels inside the box; without a box nothing. Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[PromptTensors] = []

    def encode(self, image):
        return {"embedding": image}

    def decode(self, features, prompts):
        self.asked.append(prompts)
        logits = torch.full((SIDE, SIDE), -5.0)
        if prompts.box_xyxy is not None:
            x0, y0, x1, y1 = prompts.box_xyxy[0].round().int().tolist()
            shown = features["embedding"][0, 0, y0 : y1 + 1, x0 : x1 + 1]
            # The edge of a bright thing that a box cuts off is unsteady.
            edge = torch.full_like(shown, 5.0)
            edge[[0, -1]], edge[:, [0, -1]] = 0.5, 0.5
            logits[y0 : y1 + 1, x0 : x1 + 1] = torch.where(shown > 128, edge, -5.0)
        return logits.expand(1, 1, SIDE, SIDE), None


@pytest.fixture
def session() -> Session:
    """A bright organ, and a bright vessel that leads out of it to the right."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[20:40, 10:26] = 255
    image[28:31, 26:60] = 255
    return Session(Volume.from_array(image), Engine(System("fake", BOXES_ONLY, BrightInBox(), "h")))


def ask(session: Session, *points, previous=None, mask=None, bridge=True):
    """One question; points are (row, column, label)."""
    prompts = Prompts([p[:2] for p in points], [p[2] for p in points], mask=mask)
    return session.predict(prompts, index=0, window=(0, 255), previous=previous, bridge=bridge)


def asked(session: Session) -> list[PromptTensors]:
    return session.engine.system.module.asked


def test_a_click_gets_a_box_beside_the_click_and_says_so(session):
    answer = ask(session, (30, 18, 1))
    assert answer.mask[30, 18]
    assert "box was derived from the clicks" in answer.note
    for prompts in asked(session):
        assert prompts.points_xy[0].tolist() == [[18, 30]]
        assert prompts.labels[0].tolist() == [1]
        x0, y0, x1, y1 = prompts.box_xyxy[0].tolist()
        assert x0 <= 18 <= x1
        assert y0 <= 30 <= y1


def test_the_box_of_the_steadiest_answer_is_taken(session):
    # Larger boxes of the search hold all of the organ; small ones cut through it.
    answer = ask(session, (30, 18, 1))
    assert answer.mask[21:39, 11:25].all()


def test_a_click_on_what_is_missing_is_included(session):
    first = ask(session, (30, 18, 1))
    assert not first.mask[29, 50]
    second = ask(session, (30, 18, 1), (29, 50, 1), previous=first)
    assert second.mask[29, 50]
    assert second.mask[30, 18]
    assert "from the mask and the clicks" in second.note


def test_a_click_on_what_is_too_much_is_left_out(session):
    whole = ask(session, (30, 18, 1), (29, 55, 1))
    assert whole.mask[29, 50]
    cut = ask(session, (30, 18, 1), (29, 40, 0), previous=whole)
    assert not cut.mask[29, 40:].any()
    assert cut.mask[21:39, 11:25].all()


def test_a_click_on_nothing_leaves_the_answer(session):
    first = ask(session, (30, 18, 1))
    before = len(asked(session))
    second = ask(session, (30, 18, 1), (2, 2, 0), previous=first)
    assert np.array_equal(first.mask, second.mask)
    assert len(asked(session)) == before + 1


def test_a_scribble_becomes_a_box_and_points(session):
    stroke = np.zeros((SIDE, SIDE), bool)
    stroke[25:36, 18] = True
    session.add_scribble(stroke, index=0, window=(0, 255))
    assert asked(session)[-1].clicks > 1
    assert asked(session)[-1].box_xyxy is not None
    assert session.preview.mask[stroke].all()


def test_a_painted_mask_becomes_its_box(session):
    painted = np.zeros((SIDE, SIDE), bool)
    painted[20:40, 10:26] = True
    ask(session, mask=painted)
    assert asked(session)[-1].box_xyxy[0].tolist() == [10, 20, 25, 39]
    assert asked(session)[-1].mask_logits is None


def test_no_answer_is_fed_back_to_a_system_that_never_saw_a_mask(session):
    first = ask(session, (30, 18, 1))
    ask(session, (30, 18, 1), (29, 50, 1), previous=first)
    boxed = Prompts([(30, 18)], [1], box=(15, 5, 45, 30))
    session.predict(boxed, index=0, window=(0, 255), previous=first)
    assert all(prompts.mask_logits is None for prompts in asked(session))


def test_without_the_bridge_the_answer_is_fed_back(session):
    first = ask(session, (30, 18, 1))
    ask(session, (30, 18, 1), (29, 50, 1), previous=first, bridge=False)
    assert torch.equal(asked(session)[-1].mask_logits[0, 0], first.model_logits)


def test_a_given_box_is_the_box(session):
    session.predict(Prompts([(30, 18)], [1], box=(15, 5, 45, 30)), index=0, window=(0, 255))
    assert len(asked(session)) == 1
    assert asked(session)[0].box_xyxy[0].tolist() == [5, 15, 30, 45]


def test_without_the_bridge_the_raw_answer_comes(session):
    answer = ask(session, (30, 18, 1), bridge=False)
    assert asked(session)[-1].box_xyxy is None
    assert "box" not in answer.note
    assert not answer.mask.any()


def test_nothing_positive_makes_no_box(session):
    assert ask(session, (30, 18, 0)).note == "This model knows boxes only."
    assert asked(session)[-1].box_xyxy is None


def test_a_system_that_knows_clicks_gets_no_box(session):
    session.engine.system.contract = InputContract(
        side=SIDE, fit="stretch", resample="nearest", mask_side=SIDE
    )
    ask(session, (30, 18, 1))
    assert asked(session)[-1].box_xyxy is None


@pytest.fixture
def deaf(session) -> Session:
    """A system that takes boxes and positive clicks, and hears nothing else."""
    session.engine.system.contract = InputContract(
        side=SIDE, fit="stretch", resample="nearest", mean=(0.0,) * 3, std=(1.0,) * 3,
        prompts=frozenset({"point", "box"}), trained=frozenset({"point", "box"}), removes=False,
    )  # fmt: skip
    return session


def test_a_click_that_removes_is_obeyed_by_a_system_that_hears_none(deaf):
    box = Prompts([(30, 50)], [0], box=(15, 5, 45, 62))
    answer = deaf.predict(box, index=0, window=(0, 255))
    assert not answer.mask[29, 55]
    assert answer.mask[30, 18]
    assert "no clicks that remove" in answer.note


def test_a_painted_mask_is_the_box_of_a_system_that_takes_none(deaf):
    painted = np.zeros((SIDE, SIDE), bool)
    painted[22:38, 12:24] = True
    answer = ask(deaf, mask=painted)
    assert asked(deaf)[-1].box_xyxy[0].round().int().tolist() == [12, 22, 23, 37]
    assert "no painted masks" in answer.note


def test_a_lone_click_that_removes_says_that_it_is_not_heard(deaf):
    assert ask(deaf, (30, 18, 0)).note == "This model knows no clicks that remove."
