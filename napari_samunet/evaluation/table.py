"""The report as text that fits a terminal."""

from __future__ import annotations

import math

_COLUMNS = {
    "filled box dice": "filled box",
    "inscribed ellipse dice": "ellipse",
    "GrabCut dice": "GrabCut",
    "random walker dice": "walker",
    "dice_box": "box",
    "dice_box_oracle": "best of it",
    "dice_box_click_1": "box+1",
    "dice_box_click_3": "box+3",
    "dice_box_click_5": "box+5",
    "dice_click_1": "1 click",
    "dice_click_1_oracle": "best of it",
    "dice_click_3": "3",
    "dice_click_5": "5",
    "dice_click_10": "10",
    "noc85": "NoC85",
    "noc90": "NoC90",
    "hd95_box": "HD95 box",
    "hd95_click_5": "HD95 5",
    "seconds_first": "s first",
    "seconds_next": "s next",
}
_WITH_INTERVAL = ("dice_box", "dice_box_click_5", "dice_click_1", "dice_click_5", "dice_click_10")
_DECIMALS = {"noc": 1, "hd9": 1, "sec": 3}


def format_report(report: dict) -> str:
    """Write a report (see ``make_report``) as a table: macro first, then modality, size, structure.

    Parameters
    ----------
    report
        What ``make_report`` returned.
    """
    counts = report["counts"]
    modalities = ", ".join(report["macro_modalities"]) or "none"
    lines = [
        f"{report['model']}: {counts['cases']} cases, {counts['human']} with masks by people. "
        "Dice per prompt; NoC in clicks, HD95 in mm, time in seconds.",
        "",
        f"Macro (human masks; mean over source, then over {modalities})",
        *_table(report["macro"]),
        "",
        "Macro Dice with 95 % bootstrap intervals over source",
        *_interval_table(report["macro"]),
    ]
    for title, key in (
        ("By modality", "modalities"),
        ("By size (human masks)", "sizes"),
        ("By structure", "structures"),
    ):
        rows = {
            f"{name} [{group['cases']}]": _beside_geometry(group["rows"], report["model"])
            for name, group in report[key].items()
        }
        lines += ["", f"{title} (mean over source) [cases]", *_table(rows)]
    return "\n".join([*lines, *_calibration(report)])


def _calibration(report: dict) -> list[str]:
    """Expected calibration error, before and after the map of the weights."""
    groups, before = report["calibration"], report.get("calibration_before", {})
    if not groups:
        return []
    titles = {"score": "score", "iou": "true IoU", "ece": "ECE", "before": "ECE without map"}
    header = [title for key, title in titles.items() if before or key != "before"]
    body = {}
    for name, group in groups.items():
        values = [group["score"], group["iou"], group["ece"]]
        values += [before[name]["ece"]] if before else []
        body[f"{name} [{group['answers']}]"] = [f"{value:.3f}" for value in values]
    title = "Scores against true IoU (human masks; expected calibration error, 15 bins) [answers]"
    return ["", title, *_aligned(header, body)]


def _beside_geometry(rows: dict[str, dict], model_name: str) -> dict:
    """Put the Dice of geometry and tools into the model's row, so that a group takes one line."""
    beside = {f"{name} dice": row["dice_box"] for name, row in rows.items() if name != model_name}
    return beside | rows[model_name]


def _table(rows: dict[str, dict]) -> list[str]:
    columns = [key for key in _COLUMNS if any(key in measures for measures in rows.values())]
    header = [_COLUMNS[key] for key in columns]
    body = {name: [_cell(measures, key) for key in columns] for name, measures in rows.items()}
    return _aligned(header, body)


def _interval_table(rows: dict[str, dict]) -> list[str]:
    columns = [key for key in _WITH_INTERVAL if any(key in measures for measures in rows.values())]
    header = [_COLUMNS[key] for key in columns]
    body = {name: [_interval(measures, key) for key in columns] for name, measures in rows.items()}
    return _aligned(header, body)


def _aligned(header: list[str], body: dict[str, list[str]]) -> list[str]:
    first = max(map(len, body), default=0)
    widths = [
        max(len(title), *(len(cells[place]) for cells in body.values()))
        for place, title in enumerate(header)
    ]
    lines = []
    for name, cells in {"": header, **body}.items():
        padded = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {name:<{first}}  {padded}")
    return lines


def _cell(measures: dict, key: str) -> str:
    if key not in measures or math.isnan(measures[key]["mean"]):
        return "-"
    return f"{measures[key]['mean']:.{_DECIMALS.get(key[:3], 3)}f}"


def _interval(measures: dict, key: str) -> str:
    if key not in measures or math.isnan(measures[key]["mean"]):
        return "-"
    estimate = measures[key]
    return f"{estimate['mean']:.3f} ({estimate['low']:.2f}-{estimate['high']:.2f})"
