"""The report as text that fits a terminal."""

from __future__ import annotations

import math

from napari_samunet.evaluation.baselines import BASELINES

_COLUMNS = {
    "filled box dice": "filled box",
    "inscribed ellipse dice": "ellipse",
    "dice_box": "box",
    "dice_box_click_1": "box+1",
    "dice_box_click_5": "box+5",
    "dice_click_1": "1 click",
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
    return "\n".join(lines)


def _beside_geometry(rows: dict[str, dict], model_name: str) -> dict:
    """Put the Dice of plain geometry into the model's row, so that a group takes one line."""
    geometry = {f"{name} dice": rows[name]["dice_box"] for name in BASELINES}
    return geometry | rows[model_name]


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
