"""A score is judged by whether answers that claim an IoU reach it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_samunet.evaluation.calibration import calibration_groups, reliability
from napari_samunet.evaluation.cases import SliceCase
from napari_samunet.evaluation.protocol import Answer, CaseResult
from napari_samunet.evaluation.report import make_report
from napari_samunet.evaluation.table import format_report
from napari_samunet.models.score_map import as_predicted, calibrated, kind_of

SCORE_MAP = (2.0, 0.5, 0.5, -1.0)


def _result(answers: list[Answer], modality: str = "CT", human: bool = True) -> CaseResult:
    image, mask = np.zeros((4, 4), np.float32), np.ones((4, 4), bool)
    case = SliceCase("a", image, mask, (1, 1), (0, 1), modality, "liver", human, "p")
    return CaseResult(case, {"dice_box": 1.0}, {}, tuple(answers))


def test_honest_scores_have_no_error():
    assert reliability([Answer("box", 0.75, 0.5), Answer("box", 0.75, 1.0)])["ece"] == 0


def test_the_error_is_the_gap_of_each_bin_weighed_by_its_answers():
    answers = [Answer("box", 0.9, 0.5)] * 3 + [Answer("box", 0.1, 0.1)]
    judged = reliability(answers)
    assert judged["ece"] == pytest.approx(0.75 * 0.4)
    assert [one["answers"] for one in judged["bins"]] == [1, 3]


def test_a_score_of_one_belongs_to_the_last_bin():
    (only,) = reliability([Answer("box", 1.0, 1.0)])["bins"]
    assert only["high"] == 1


def test_modalities_and_prompts_are_judged_apart_and_only_by_masks_of_people():
    honest, sure = Answer("box", 0.5, 0.5), Answer("1 click", 1.0, 0.0)
    groups = calibration_groups(
        [_result([honest]), _result([sure], "MR"), _result([sure], "US", human=False)]
    )
    assert list(groups) == ["all", "CT", "MR", "box", "1 click"]
    assert groups["CT"]["ece"] == 0
    assert groups["1 click"]["ece"] == 1
    assert groups["all"]["ece"] == 0.5


def test_a_map_keeps_the_order_of_scores_and_can_be_undone():
    scores = torch.linspace(0.01, 0.99, 20)
    for kind in ("box", "1 click", "later clicks"):
        mapped = calibrated(scores, SCORE_MAP, kind)
        assert (mapped.diff() > 0).all()
        undone = [as_predicted(float(score), SCORE_MAP, kind) for score in mapped]
        np.testing.assert_allclose(undone, scores, atol=1e-3)


def test_weights_without_a_map_keep_their_scores():
    scores = torch.tensor([0.0, 0.3, 1.0])
    assert torch.equal(calibrated(scores, (), "box"), scores)


def test_prompts_are_told_apart_as_the_report_does():
    assert kind_of(box=True, points=0) == "box"
    assert kind_of(box=False, points=1) == "1 click"
    assert kind_of(box=False, points=1, drawn=True) == "later clicks", "a mask leaves no doubt"
    assert kind_of(box=True, points=1) == kind_of(box=False, points=2) == "later clicks"


def test_the_table_shows_the_error_before_and_after_the_map():
    score = float(calibrated(torch.tensor(0.8), SCORE_MAP, "1 click"))
    report = make_report([_result([Answer("1 click", score, 0.2)])], "tiny", SCORE_MAP)
    assert report["calibration_before"]["1 click"]["score"] == pytest.approx(0.8)
    text = format_report(report)
    assert "ECE without map" in text
    assert "1 click [1]" in text
