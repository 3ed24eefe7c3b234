"""The engine, with a fake system that marks a disc around each positive click and fills boxes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from napari_samunet.errors import EmptyPrompt, InputError, OutsideImage
from napari_samunet.inference.engine import Engine
from napari_samunet.io.volume import Volume
from napari_samunet.models.contract import InputContract
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.system import System
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef

SIDE = 64
CROP = InputContract(
    side=SIDE, fit="crop", resample="antialias", channels=1, mean=(0.0,), std=(1.0,), scale="0-1",
    mask_side=SIDE, candidates="one-click", zoom=True,
)  # fmt: skip
WHOLE = InputContract(side=SIDE, mask_side=SIDE, candidates="one-click")
BOXES_ONLY = InputContract(side=SIDE, mask_side=16, trained=frozenset({"box"}))
CLICK = Prompts([(20, 30)], [1])
REF = SliceRef(0, 2)


class Discs(nn.Module):
    """Answers a disc of 4 model pixels around positive clicks; remembers what it was asked."""

    def __init__(self, scored: bool) -> None:
        super().__init__()
        self.scored = scored
        self.encoded: list[torch.Tensor] = []
        self.asked: list[PromptTensors] = []

    def encode(self, image):
        self.encoded.append(image)
        return {"embedding": image}

    def decode(self, features, prompts):
        self.asked.append(prompts)
        axis = torch.arange(SIDE, dtype=torch.float32)
        logits = torch.full((SIDE, SIDE), -5.0)
        if prompts.box_xyxy is not None:
            x0, y0, x1, y1 = prompts.box_xyxy[0]
            inside = ((axis >= x0) & (axis <= x1))[None] & ((axis >= y0) & (axis <= y1))[:, None]
            logits[inside] = 5
        if prompts.points is not None:
            for (x, y), label in zip(prompts.points_xy[0], prompts.labels[0], strict=True):
                near = (axis[None] - x) ** 2 + (axis[:, None] - y) ** 2 <= 16
                logits[near] = 5 if label == 1 else -5
        scores = torch.tensor([[0.9, 0.5, 0.8, 0.1]]) if self.scored else None
        return logits.expand(1, 4 if self.scored else 1, SIDE, SIDE), scores


def _engine(contract=CROP, scored=True):
    return Engine(System("fake", contract, Discs(scored), "hash"))


@pytest.fixture
def volume():
    return Volume.from_array(np.random.default_rng(0).normal(size=(5, 70, 90)).astype(np.float32))


def test_the_model_sees_a_radiograph_as_it_is_shown(volume):
    seen = []
    for negative in (False, True):
        discs = Discs(scored=True)
        engine = Engine(System("fake", CROP, discs, "hash"))
        engine.embed(replace(volume, negative=negative), REF, (-1, 1))
        seen.append(discs.encoded[0])
    inside = (..., slice(16, 48), slice(None))  # above and below the slice there is black in both
    assert torch.allclose(seen[1][inside], 1 - seen[0][inside], atol=1e-5)


def test_a_click_is_answered_where_it_was_made(volume):
    answer = _engine().predict(volume, REF, CLICK)
    rows, cols = np.nonzero(answer.mask)
    assert answer.mask.shape == (70, 90)
    assert abs(rows.mean() - 20) < 0.6
    assert abs(cols.mean() - 30) < 0.6


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_plane_can_be_prompted(volume, axis):
    shape = {0: (70, 90), 1: (5, 90), 2: (5, 70)}[axis]
    answer = _engine().predict(volume, SliceRef(axis, 3), Prompts([(2, 40)], [1]))
    assert answer.mask.shape == shape
    assert answer.mask[2, 40]


def test_a_second_click_encodes_nothing_again(volume):
    engine = _engine()
    first = engine.predict(volume, REF, CLICK)
    before = len(engine.system.module.encoded)
    engine.predict(volume, REF, CLICK.with_point((21, 31), 1), previous=first)
    assert len(engine.system.module.encoded) == before


def test_another_window_is_encoded_anew(volume):
    engine = _engine()
    engine.predict(volume, REF, CLICK, window=(0, 1))
    before = len(engine.system.module.encoded)
    engine.predict(volume, REF, CLICK, window=(0, 2))
    assert len(engine.system.module.encoded) > before


def test_a_small_find_is_answered_from_a_closer_look(volume):
    answer = _engine().predict(volume, REF, CLICK)
    assert answer.frame.roi.side < 70


def test_a_glimpse_is_what_the_first_look_alone_sees(volume):
    engine = _engine()
    seen = engine.glimpse(volume, REF, CLICK)
    assert seen.mask[20, 30]
    assert len(engine.system.module.encoded) == 1
    engine.predict(volume, REF, CLICK)
    assert len(engine.system.module.encoded) > 1  # it encoded the whole slice no second time
    assert (
        engine.glimpse(volume, REF, Prompts(points=[(20, 30)], labels=[1], mask=seen.mask)) is None
    )
    assert _engine(BOXES_ONLY).glimpse(volume, REF, CLICK) is None


def test_a_box_is_seen_before_its_other_readings_and_answered_with_just_that(volume, monkeypatch):
    engine, box = _engine(), Prompts(box=(10, 20, 40, 50))
    seen = engine.glimpse(volume, REF, box)
    whole = engine.predict(volume, REF, box)
    np.testing.assert_array_equal(seen.mask, whole.mask)
    decoded = []
    decode = engine.system.decode
    monkeypatch.setattr(engine.system, "decode", lambda *given: decoded.append(1) or decode(*given))
    again = engine.predict(volume, REF, box, seen=seen)
    assert len(again.candidates) == len(whole.candidates)
    spared = len(decoded)
    engine.predict(volume, REF, box)
    assert len(decoded) - spared == spared + 2


def test_the_first_look_at_a_click_is_not_decoded_again_with_the_closer_ones(volume, monkeypatch):
    engine = _engine()
    seen, whole = engine.glimpse(volume, REF, CLICK), engine.predict(volume, REF, CLICK)
    decoded = []
    decode = engine.system.decode
    monkeypatch.setattr(engine.system, "decode", lambda *given: decoded.append(1) or decode(*given))
    again = engine.predict(volume, REF, CLICK, seen=seen)
    spared = len(decoded)
    engine.predict(volume, REF, CLICK)
    assert len(decoded) - spared == spared + 1
    for first, second in zip(again.candidates, whole.candidates, strict=True):
        np.testing.assert_array_equal(first.mask, second.mask)


@pytest.mark.parametrize("box", [(10, 20, 40, 50), None], ids=["box", "click"])
def test_a_session_does_not_have_decoded_again_what_it_has_shown(volume, monkeypatch, box):
    engine = _engine()
    session = Session(volume, engine)
    if box is None:
        session.add_point((20, 30), index=2, predict=False)
    else:
        session.add_box(box, index=2, predict=False)
    request = session.request()
    seen, given = request.glimpse(engine), []
    predict = engine.predict
    monkeypatch.setattr(
        engine, "predict", lambda *a, **k: given.append(k["seen"]) or predict(*a, **k)
    )
    answer = request.answer(engine)
    assert given == [seen]
    assert box is None or np.array_equal(answer.mask, seen.mask)


def test_what_another_model_has_shown_is_not_taken_for_an_answer(volume, monkeypatch):
    engine = _engine()
    session = Session(volume, engine)
    session.add_box((10, 20, 40, 50), index=2, predict=False)
    request, given = session.request(), []
    request.glimpse(engine)
    engine.system = _engine().system
    predict = engine.predict
    monkeypatch.setattr(
        engine, "predict", lambda *a, **k: given.append(k["seen"]) or predict(*a, **k)
    )
    request.answer(engine)
    assert given == [None]


def test_the_same_frame_is_fed_back_unchanged(volume):
    engine = _engine()
    first = engine.predict(volume, REF, CLICK)
    again = engine.predict(volume, REF, CLICK.with_point((21, 31), 1), previous=first)
    assert again.frame == first.frame
    assert torch.equal(engine.system.module.asked[-1].mask_logits[0, 0], first.model_logits)


def test_a_removing_click_far_away_does_not_make_the_object_small(volume):
    engine = _engine()
    first = engine.predict(volume, REF, CLICK)
    for point, heard in [((66, 86), [1]), ((22, 36), [1, 0])]:
        again = engine.predict(volume, REF, CLICK.with_point(point, 0), previous=first)
        assert again.frame == first.frame
        assert engine.system.module.asked[-1].labels[0].tolist() == heard


def test_an_answer_is_not_fed_back_unless_handed_over(volume):
    engine = _engine()
    engine.predict(volume, REF, CLICK)
    clicked = len(engine.system.module.asked)
    engine.predict(volume, REF, Prompts(box=(10, 10, 30, 30)))
    assert engine.system.module.asked[clicked].mask_logits is None


def test_a_zooming_system_looks_at_its_own_answer_to_a_box_once_more(volume):
    engine = _engine()
    answer = engine.predict(volume, REF, Prompts(box=(10, 10, 30, 30)))
    first, second = engine.system.module.asked[:2]
    assert first.mask_logits is None
    assert second.mask_logits is not None
    assert torch.equal(second.box_xyxy, first.box_xyxy)
    assert answer.frame.roi is not None


def test_a_painted_mask_is_the_mask_prompt_and_beats_the_earlier_answer(volume):
    engine = _engine()
    first = engine.predict(volume, REF, CLICK)
    painted = np.zeros((70, 90), bool)
    painted[15:40, 25:50] = True
    engine.predict(volume, REF, Prompts([(20, 30)], [1], mask=painted), previous=first)
    fed = engine.system.module.asked[-1].mask_logits[0, 0]
    assert fed.max() > 0
    assert not torch.equal(fed, first.model_logits)


@pytest.mark.parametrize(("before", "now"), [(WHOLE, CROP), (CROP, WHOLE)], ids=["crop", "whole"])
def test_a_click_corrects_what_another_model_has_shown(volume, before, now):
    shown, engine = _engine(before).predict(volume, REF, CLICK), _engine(now)
    engine.predict(volume, REF, CLICK.with_point((21, 31), 1), previous=shown)
    asked = engine.system.module.asked[-1]
    frame = engine.predict(volume, REF, CLICK.with_point((21, 31), 1), previous=shown).frame
    fed_back = torch.from_numpy(frame.logits_to_model(shown.logits, SIDE))
    assert torch.equal(asked.mask_logits[0, 0], fed_back)


def test_one_click_has_three_candidates_best_first(volume):
    whole = _engine(WHOLE).predict(volume, REF, CLICK)
    assert [round(c.score, 3) for c in whole.candidates] == [0.8, 0.5, 0.1]


def test_meanings_that_are_the_same_when_looked_at_closer_are_offered_once(volume):
    assert len(_engine().predict(volume, REF, CLICK).candidates) == 1


def test_a_picked_candidate_is_the_answer_that_is_fed_back(volume):
    engine = _engine(WHOLE)
    first = engine.predict(volume, REF, CLICK)
    other = first.pick(2)
    assert np.array_equal(other.mask, first.candidates[2].mask)
    assert (other.rank, other.score) == (2, first.candidates[2].score)
    assert other.candidates is first.candidates
    again = engine.predict(volume, REF, CLICK.with_point((21, 31), 1), previous=other)
    assert again.frame == other.frame
    assert torch.equal(engine.system.module.asked[-1].mask_logits[0, 0], other.model_logits)


def test_a_system_without_scores_says_that_its_score_is_stability(volume):
    answer = _engine(BOXES_ONLY, scored=False).predict(volume, REF, Prompts(box=(5, 5, 40, 40)))
    assert answer.score == pytest.approx(1)
    assert answer.score_kind == "stability"
    assert _engine().predict(volume, REF, CLICK).score_kind == "iou"


def test_clicks_become_a_box_for_a_system_that_knows_boxes_only(volume):
    engine = _engine(BOXES_ONLY, scored=False)
    answer = engine.predict(volume, REF, CLICK)
    assert engine.system.module.asked[-1].box_xyxy is not None
    assert "box was derived" in answer.note
    raw = engine.predict(volume, REF, CLICK, bridge=False)
    assert engine.system.module.asked[-1].box_xyxy is None
    assert "box" not in raw.note


def test_colour_reaches_a_colour_system_and_luma_a_grey_one():
    colour = np.zeros((1, 20, 20, 3), np.uint8)
    colour[..., 0] = 200
    volume = Volume(np.full((1, 20, 20), 60, np.uint8), np.eye(4), color=colour)
    system = InputContract(side=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3)
    engine = _engine(system)
    engine.predict(volume, SliceRef(0, 0), Prompts([(5, 5)], [1]))
    seen = engine.system.module.encoded[0][0, :, 10, 10]
    assert seen.tolist() == pytest.approx([200, 0, 0])


@pytest.mark.parametrize(
    ("ref", "prompts", "error"),
    [
        (SliceRef(0, 5), CLICK, OutsideImage),
        (REF, Prompts([(70, 3)], [1]), OutsideImage),
        (REF, Prompts(), EmptyPrompt),
    ],
)
def test_what_cannot_be_answered_is_refused(volume, ref, prompts, error):
    with pytest.raises(error):
        _engine().predict(volume, ref, prompts)


def test_an_answer_of_another_plane_is_not_corrected(volume):
    engine = _engine()
    first = engine.predict(volume, REF, CLICK)
    with pytest.raises(InputError, match="its own slice"):
        engine.predict(volume, SliceRef(1, 3), Prompts([(2, 40)], [1]), previous=first)


def test_a_click_does_not_wait_for_the_percentiles_of_the_volume_again(monkeypatch):
    counted = []

    def count(volume, window=None):
        counted.append(window)
        return choose_window(volume, window)

    monkeypatch.setattr("napari_samunet.inference.engine.choose_window", count)
    values = np.random.default_rng(0).normal(size=(4, 40, 50)).astype(np.float32)
    volume, engine = Volume.from_array(values, modality="MR"), _engine()
    for index in range(3):
        engine.predict(volume, SliceRef(0, index), CLICK)
    assert counted == [None]
    engine.predict(volume, REF, CLICK, window=(-1, 1))
    assert counted == [None, (-1, 1)]


class Parts(Discs):
    """Takes a click for something small, middling or large; closer it sees what is bright."""

    def decode(self, features, prompts):
        if prompts.mask_logits is not None:
            seen = features["embedding"][0, 0] - 0.5
            return seen.expand(1, 4, SIDE, SIDE), torch.full((1, 4), 0.5)
        axis = torch.arange(SIDE, dtype=torch.float32)
        x, y = prompts.points_xy[0, 0]
        distance = ((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2).sqrt()
        logits = torch.stack([radius - distance for radius in (3, 3, 6, 12)])
        return logits[None], torch.tensor([[0.9, 0.9, 0.5, 0.4]])


def test_the_meaning_that_a_closer_look_confirms_is_the_answer():
    rows, cols = np.mgrid[:256, :256]
    organ = (rows - 128) ** 2 + (cols - 128) ** 2 <= 24**2
    volume = Volume.from_array(organ[None].astype(np.float32))
    engine = Engine(System("fake", CROP, Parts(scored=True), "hash"))
    answer = engine.predict(volume, SliceRef(0, 0), Prompts([(128, 128)], [1]), window=(0, 1))
    assert (answer.mask ^ organ).sum() < 0.05 * organ.sum()


def test_a_region_that_was_encoded_ahead_is_the_one_that_a_click_beside_a_known_slice_needs(volume):
    engine = _engine()
    session = Session(volume, engine)
    known = np.zeros((70, 90), bool)
    known[20:30, 30:45] = True
    session.paint(known, index=2)
    ahead = session.foresee(3, window=(-1, 1))
    engine.embed(volume, ahead.ref, ahead.window, ahead.region())
    encoded = engine.system.module.encoded
    before = len(encoded)
    session.add_point((25, 40), index=3, window=(-1, 1), predict=False)
    assert session.request().glimpse(engine).mask.any()
    assert len(encoded) == before
