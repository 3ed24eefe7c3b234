"""Curves as PNG files; the only code that needs matplotlib (the extra ``plots``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from napari_samunet.errors import BadUsage

if TYPE_CHECKING:
    from napari_samunet.evaluation.calibration import Reliability


def can_plot() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def check_plotting() -> None:
    """Make sure of matplotlib before hours of work are done for a plot.

    Raises
    ------
    BadUsage
        It is not installed.
    """
    if not can_plot():
        raise BadUsage(
            "Plots need matplotlib, which is not installed; install napari-samunet[plots]."
        )


def plot_reliability(
    groups: Mapping[str, Reliability], before: Mapping[str, Reliability], path: Path
) -> None:
    """Draw true IoU over score for all answers and each group of them.

    Parameters
    ----------
    groups, before
        See ``calibration_groups``; with the map of the weights and without, the latter may be
        empty.
    path
        PNG to write.
    """
    from matplotlib.figure import Figure

    columns = min(4, len(groups))
    rows = -(-len(groups) // columns)
    figure = Figure(figsize=(3.2 * columns, 3.4 * rows), layout="constrained")
    for place, (name, group) in enumerate(groups.items(), start=1):
        axes = figure.add_subplot(rows, columns, place, title=f"{name} [{group['answers']}]")
        axes.plot([0, 1], [0, 1], ":", color="grey")
        if name in before:
            _draw(axes, before[name], "without map", "tab:orange")
        _draw(axes, group, "score", "tab:blue")
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score", ylabel="true IoU", aspect="equal")
        axes.legend(fontsize="x-small", loc="upper left")
    figure.savefig(path, dpi=110)


def plot_curve(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw what a training log tells over the images seen.

    Parameters
    ----------
    rows
        Lines of ``log.jsonl``: ``images``, ``loss``, the IoU of each round, the dev scores.
    path
        PNG to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="training images", ylabel="IoU (training), Dice (dev)")
    names = dict.fromkeys(name for row in rows for name in row)
    for name in names:
        if "_iou" in name or name.startswith("dev_"):
            points = [(row["images"], row[name]) for row in rows if name in row]
            style = "o-" if name.startswith("dev_") else "-"
            axes.plot(*zip(*points, strict=True), style, label=name, linewidth=1, markersize=3)
    axes.set_ylim(0, 1)
    if names:
        axes.legend(fontsize="x-small", ncols=2)
    figure.savefig(path, dpi=110)


def _draw(axes, group: Reliability, label: str, colour: str) -> None:  # type: ignore[no-untyped-def]
    bins = group["bins"]
    scores, ious = [one["score"] for one in bins], [one["iou"] for one in bins]
    title = f"{label}, ECE {group['ece']:.3f}"
    axes.plot(scores, ious, "o-", color=colour, label=title, markersize=3, linewidth=1)
