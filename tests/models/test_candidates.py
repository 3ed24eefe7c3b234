"""How many answers a system gives, which comes first, and what it is fed, by its contract alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from published import Answer, ask
from torch import Tensor, nn

from napari_samunet import Prompts, Session, Volume
from napari_samunet.inference.engine import Engine
from napari_samunet.models.recognise import recipe_named
from napari_samunet.models.system import System

PICTURE = np.random.default_rng(0).integers(0, 256, (50, 70), dtype=np.uint8)
CLICK = Prompts([(20, 30)], [1])
OTHERS = {
    "a negative click": Prompts([(20, 30)], [0]),
    "two clicks": Prompts([(20, 30), (5, 5)], [1, 0]),
    "a box": Prompts(box=(10, 10, 30, 40)),
    "a click in a box": Prompts([(20, 30)], [1], (10, 10, 30, 40)),
}


class Parrot(nn.Module):
    """Gives four masks that tell themselves apart, and keeps the mask input that it got."""

    def __init__(self, side: int, scored: bool) -> None:
        super().__init__()
        self.side, self.scored = side, scored
        self.fed: Tensor | None = None

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """Nothing is kept of the image."""
        return {"embedding": image.mean((2, 3))}

    def decode(self, features, prompts) -> Answer:
        """Logits that equal the mask's number; the third of the scores is the best."""
        self.fed = prompts.mask_logits
        count = 4 if self.scored else 1
        logits = torch.arange(1.0, count + 1).view(1, count, 1, 1)
        scores = torch.tensor([[0.1, 0.3, 0.9, 0.6]]) if self.scored else None
        return logits.expand(1, count, self.side, self.side), scores


def session_of(name: str, scored: bool = True) -> Session:
    contract = recipe_named(name).contract
    system = System(name, contract, Parrot(contract.mask_side or contract.side, scored), "hash")
    return Session(Volume.from_array(PICTURE), Engine(system))


@pytest.mark.parametrize("name", ["sam-vit-b", "sam-vit-l", "sam-vit-h", "mobile-sam"])
def test_sam_offers_three_masks_for_one_click_and_one_for_all_else(name: str) -> None:
    session = session_of(name)
    first = ask(session, CLICK)
    assert [round(item.score, 1) for item in first.candidates] == [0.9, 0.6, 0.3]
    assert first.model_logits[0, 0] == 3
    for prompts in OTHERS.values():
        answer = ask(session, prompts)
        assert len(answer.candidates) == 1
        assert answer.model_logits[0, 0] == 1
    assert len(ask(session, CLICK, first).candidates) == 1
    fed = session.engine.system.module.fed
    assert torch.equal(fed[0, 0], first.model_logits)


@pytest.mark.parametrize("name", ["sam-med2d", "sam-med2d-plain", "ft-sam"])
def test_sam_med2d_always_gives_the_best_of_three_and_is_fed_probabilities(name: str) -> None:
    session = session_of(name)
    first = ask(session, CLICK)
    for prompts in (CLICK, *OTHERS.values()):
        answer = ask(session, prompts, first)
        assert [round(item.score, 1) for item in answer.candidates] == [0.9, 0.6, 0.3]
        assert answer.model_logits[0, 0] == 3
    fed = session.engine.system.module.fed
    assert torch.equal(fed[0, 0], first.model_logits.sigmoid())


@pytest.mark.parametrize("name", ["medsam", "lite-medsam"])
def test_systems_for_boxes_give_one_mask_with_its_score(name: str) -> None:
    answer = ask(session_of(name), OTHERS["a box"])
    assert len(answer.candidates) == 1
    assert (answer.score, answer.score_kind) == (pytest.approx(0.1), "iou")


@pytest.mark.parametrize("name", ["sam-unet-res34", "sam-unet-res50"])
def test_sam_unet_predicts_no_score_so_its_mask_tells_how_steady_it_is(name: str) -> None:
    answer = ask(session_of(name, scored=False), OTHERS["a box"])
    assert (answer.score, answer.score_kind) == (0.0, "stability")  # all logits are at the offset


def test_squeeze_sam_takes_no_mask_back() -> None:
    session = session_of("squeeze-sam")
    ask(session, CLICK, ask(session, CLICK))
    assert session.engine.system.module.fed is None


def test_another_candidate_can_be_taken_and_corrected() -> None:
    session = session_of("sam-vit-b")
    other = ask(session, CLICK).pick(1)
    assert other.score == pytest.approx(0.6)
    ask(session, CLICK, other)
    assert (session.engine.system.module.fed == 4).all()
