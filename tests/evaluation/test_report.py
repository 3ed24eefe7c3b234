"""Means are taken over patients first, and every table shows plain geometry beside the model."""

from __future__ import annotations

import json

import numpy as np

from napari_samunet.evaluation.cases import SliceCase
from napari_samunet.evaluation.protocol import CaseResult
from napari_samunet.evaluation.report import macro_mean, make_report, report_json, source_mean
from napari_samunet.evaluation.table import format_report


def _result(modality: str, source: str, value: float, **changes: object) -> CaseResult:
    mask = np.zeros((40, 40), bool)
    mask[: changes.pop("rows", 20), :20] = True
    parts = {"name": source, "structure": "liver_000", "human": True} | changes
    case = SliceCase(
        image=np.zeros((40, 40), np.float32),
        mask=mask,
        spacing=(1.0, 1.0),
        window=(0.0, 1.0),
        modality=modality,
        source=source,
        **parts,
    )
    geometry = {name: {"dice_box": 0.5} for name in ("filled box", "inscribed ellipse")}
    return CaseResult(case, {"dice_box": value, "dice_click_1": value / 2}, geometry)


def test_a_patient_with_many_slices_counts_once():
    assert source_mean([("CT", "a", 1.0)] * 9 + [("CT", "b", 0.0)])["mean"] == 0.5


def test_macro_weighs_the_modalities_alike():
    rows = [("CT", name, 1.0) for name in "abcdefgh"] + [("US", "u", 0.0)]
    assert macro_mean(rows)["mean"] == 0.5


def test_macro_leaves_other_modalities_out():
    assert macro_mean([("CT", "a", 0.8), ("photo", "b", 0.0)])["mean"] == 0.8


def test_intervals_hold_the_mean_and_are_the_same_each_time():
    rows = [("CT", str(number), number / 10) for number in range(10)]
    first = source_mean(rows)
    assert first["low"] < first["mean"] < first["high"]
    assert first == source_mean(rows)
    assert first["sources"] == 10


def test_masks_that_a_model_made_stay_out_of_macro():
    report = make_report([_result("CT", "a", 0.8), _result("CT", "b", 0.2, human=False)], "tiny")
    assert report["macro"]["tiny"]["dice_box"]["mean"] == 0.8
    assert set(report["modalities"]) == {"CT", "CT (masks by a model)"}


def test_small_structures_are_told_apart():
    report = make_report([_result("CT", "a", 0.8), _result("CT", "b", 0.2, rows=10)], "tiny")
    assert report["sizes"]["under 300 px"]["rows"]["tiny"]["dice_box"]["mean"] == 0.2
    assert report["sizes"]["300 px and more"]["rows"]["tiny"]["dice_box"]["mean"] == 0.8


def test_every_group_shows_plain_geometry():
    report = make_report([_result("CT", "a", 0.8), _result("MR", "b", 0.7)], "tiny", clicks=3)
    rows = {"tiny", "filled box", "inscribed ellipse"}
    assert set(report["macro"]) == rows
    for part in ("modalities", "sizes", "structures"):
        for group in report[part].values():
            assert set(group["rows"]) == rows


def test_the_report_survives_json_and_keeps_what_was_asked():
    report = make_report([_result("CT", "a", 0.8)], "tiny", clicks=3)
    assert json.loads(report_json(report)) == report
    assert report["options"] == {"clicks": 3}
    assert report["cases"][0]["pixels"] == 400


def test_the_table_is_readable_and_names_every_row():
    text = format_report(make_report([_result("CT", "a", 0.8), _result("US", "b", 0.6)], "tiny"))
    assert "Macro" in text
    assert "CT, US" in text
    for row in ("tiny", "filled box", "inscribed ellipse"):
        assert row in text
    assert "0.700 (" in text
    assert max(map(len, text.splitlines())) < 140


def test_only_model_masks_give_no_macro_instead_of_a_crash():
    report = make_report([_result("CT", "a", 0.8, human=False)], "tiny")
    assert "nan" not in format_report(report)


def test_a_mean_of_nothing_is_null_in_json_which_has_no_word_for_nan():
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    report = make_report([_result("MRI", "a", 0.8), _result("MRI", "b", 0.6)], "tiny")
    read = json.loads(report_json(report), parse_constant=refuse)
    assert read["macro"]["tiny"]["dice_box"]["mean"] is None
    assert read["modalities"]["MRI"]["rows"]["tiny"]["dice_box"]["mean"] == 0.7
