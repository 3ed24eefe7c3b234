"""The protocol clicks as DESIGN.md says, through the public session, and counts what it should."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_samunet.errors import InputError
from napari_samunet.evaluation import protocol
from napari_samunet.evaluation.cases import SliceCase

MODEL = SimpleNamespace()


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> SliceCase:
    monkeypatch.setattr(protocol, "Engine", lambda model: model)
    mask = np.zeros((40, 60), bool)
    mask[10:20, 5:25] = True  # the larger part
    mask[30:34, 40:44] = True
    return SliceCase(
        name="two parts",
        image=np.zeros((40, 60), np.float32),
        mask=mask,
        spacing=(2.0, 0.5),
        window=(-100.0, 200.0),
        modality="CT",
        structure="liver",
        human=True,
        source="p1",
    )


class _Reader:
    """Stands in for a session: answers from a rule and remembers how it was asked."""

    def __init__(self, rule) -> None:
        self.rule = rule
        self.calls: list[SimpleNamespace] = []
        self.sessions = 0
        self.other_candidate = None

    def __call__(self, volume, model) -> _Reader:
        self.volume = volume
        self.sessions += 1
        return self

    def predict(self, prompts, *, index, window, previous) -> SimpleNamespace:
        self.calls.append(
            SimpleNamespace(prompts=prompts, index=index, window=window, previous=previous)
        )
        mask = self.rule(prompts)
        other = SimpleNamespace(mask=self.other_candidate)
        candidates = (SimpleNamespace(mask=mask), other)[: 1 + (other.mask is not None)]
        number = len(self.calls)
        return SimpleNamespace(mask=mask, score=0.75, candidates=candidates, number=number)


def _measure(monkeypatch: pytest.MonkeyPatch, case: SliceCase, rule, clicks: int = 20):
    reader = _Reader(rule)
    monkeypatch.setattr(protocol, "Session", reader)
    return protocol.measure_case(case, MODEL, clicks), reader


def _points(call: SimpleNamespace) -> list[tuple[float, ...]]:
    return [tuple(map(float, point)) for point in call.prompts.points]


def test_a_perfect_reader_needs_one_click_and_is_not_asked_again(monkeypatch, case):
    result, reader = _measure(monkeypatch, case, lambda prompts: case.mask)
    assert len(reader.calls) == 2  # one click, one box
    assert result.measures["noc85"] == result.measures["noc90"] == 1
    assert result.measures["dice_click_20"] == result.measures["dice_box_click_5"] == 1
    assert result.measures["hd95_click_1"] == 0


def test_a_reader_that_finds_nothing_never_reaches_the_dice(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: np.zeros_like(case.mask))
    assert result.measures["noc90"] == 20
    assert result.measures["dice_click_20"] == result.measures["dice_box"] == 0


def test_the_first_click_is_inside_the_largest_part_and_the_next_in_the_other(monkeypatch, case):
    larger = case.mask.copy()
    larger[25:] = False
    _, reader = _measure(monkeypatch, case, lambda prompts: larger, clicks=2)
    first, second = reader.calls[0], reader.calls[1]
    assert larger[tuple(map(int, _points(first)[0]))]
    row, column = map(int, _points(second)[1])
    assert 30 <= row < 34
    assert 40 <= column < 44
    assert list(second.prompts.labels) == [1, 1]


def test_spilled_pixels_are_answered_by_a_negative_click(monkeypatch, case):
    everything = np.ones_like(case.mask)
    _, reader = _measure(monkeypatch, case, lambda prompts: everything, clicks=2)
    assert list(reader.calls[1].prompts.labels) == [1, 0]


def test_each_answer_is_fed_back_with_the_case_s_window_and_spacing(monkeypatch, case):
    _, reader = _measure(monkeypatch, case, lambda prompts: np.zeros_like(case.mask), clicks=3)
    assert [call.previous and call.previous.number for call in reader.calls] == [
        *(None, 1, 2),  # three clicks
        *(None, 4, 5, 6),  # a box and three clicks
    ]
    assert {call.window for call in reader.calls} == {(-100.0, 200.0)}
    assert {call.index for call in reader.calls} == {0}
    np.testing.assert_allclose(reader.volume.spacing[1:], [2.0, 0.5])


def test_the_box_is_tight_and_stays_while_clicks_are_added(monkeypatch, case):
    _, reader = _measure(monkeypatch, case, lambda prompts: np.zeros_like(case.mask), clicks=2)
    boxed = reader.calls[2:]
    assert [len(_points(call)) for call in boxed] == [0, 1, 2]
    for call in boxed:
        assert tuple(map(float, call.prompts.box)) == (10, 5, 33, 43)


def test_the_first_click_and_the_box_are_both_timed_with_nothing_encoded_yet(monkeypatch, case):
    _, reader = _measure(monkeypatch, case, lambda _prompts: case.mask)
    assert [call.prompts.box is None for call in reader.calls] == [True, False]
    assert reader.sessions == 2


def test_fewer_clicks_give_no_clicks_to_reach(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: case.mask, clicks=3)
    assert "noc85" not in result.measures
    assert "dice_click_3" in result.measures
    assert "dice_click_4" not in result.measures


@pytest.mark.parametrize("clicks", [0, 21, -1])
def test_other_numbers_of_clicks_are_refused(case, clicks):
    with pytest.raises(InputError, match="1 to 20"):
        protocol.measure_case(case, MODEL, clicks)


def test_plain_geometry_is_measured_with_every_case(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: case.mask)
    assert set(result.baselines) == {"filled box", "inscribed ellipse"}
    assert 0 < result.baselines["filled box"]["dice_box"] < 1


def test_every_answer_keeps_its_score_beside_its_true_iou_and_repeats_count_once(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: case.mask)
    assert [(answer.kind, answer.score, answer.iou) for answer in result.answers] == [
        ("1 click", 0.75, 1),
        ("box", 0.75, 1),
    ]


def test_answers_after_the_first_are_told_from_it(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: np.zeros_like(case.mask), clicks=2)
    kinds = ["1 click", "later clicks", "box", "later clicks", "later clicks"]
    assert [answer.kind for answer in result.answers] == kinds
    assert all(answer.iou == 0 for answer in result.answers)


def test_a_better_candidate_that_was_not_chosen_is_told(monkeypatch, case):
    reader = _Reader(lambda prompts: np.zeros_like(case.mask))
    reader.other_candidate = case.mask
    monkeypatch.setattr(protocol, "Session", reader)
    measures = protocol.measure_case(case, MODEL, 1).measures
    assert measures["dice_click_1"] == 0
    assert measures["dice_click_1_oracle"] == 1


def test_the_answers_that_pictures_show_are_kept(monkeypatch, case):
    result, _ = _measure(monkeypatch, case, lambda prompts: case.mask)
    assert set(result.masks) == {"box", "1 click", "5 clicks"}


def test_classical_tools_are_measured_from_the_same_box(monkeypatch, case):
    monkeypatch.setattr(protocol, "Session", _Reader(lambda prompts: case.mask))
    tools = {"all of it": lambda image, outside, core: np.where(outside, -1.0, 1.0)}
    result = protocol.measure_case(case, MODEL, 1, tools)
    filled = result.baselines["filled box"]["dice_box"]
    assert result.baselines["all of it"]["dice_box"] == pytest.approx(filled, abs=0.05)
