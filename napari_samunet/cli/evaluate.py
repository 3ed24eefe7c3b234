"""Measure a model on slice cases: Dice per prompt and click, beside plain geometry."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_samunet.cli.model import add_choice, loaded
from napari_samunet.cli.output import check_folder, check_writable, make_folder, replace_text, say
from napari_samunet.errors import BadUsage, ExportRefused, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_samunet.evaluation.classical import Tool
    from napari_samunet.evaluation.protocol import CaseResult
    from napari_samunet.models.system import System


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet evaluate``."""
    parser.add_argument("folder", metavar="DIR", help="folder of slice cases (.npz)")
    add_choice(parser)
    parser.add_argument("--json", metavar="OUT", help="write the whole report here")
    parser.add_argument("--plots", metavar="DIR", help="write reliability.png here")
    parser.add_argument("--pictures", metavar="DIR", help="draw the best and worst cases here")
    parser.add_argument("--classical", action="store_true", help="GrabCut and random walker too")
    parser.add_argument("--clicks", type=int, default=20, help="clicks without a box, 1 to 20")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th case")
    parser.add_argument("--limit", type=int, metavar="N", help="stop after N cases")


def run(args: argparse.Namespace) -> None:
    """Evaluate, print the table, write the JSON report, draw.

    Raises
    ------
    InputError
        A bad folder, case, model or option; nothing is written then.
    ExportRefused
        A file cannot be written; the others are.
    """
    from napari_samunet.evaluation.cases import find_cases
    from napari_samunet.evaluation.classical import classical_tools
    from napari_samunet.evaluation.plots import check_plotting
    from napari_samunet.evaluation.report import report_json

    if not 1 <= args.clicks <= 20:
        raise BadUsage(f"--clicks is 1 to 20, but {args.clicks} came.")
    target = check_writable(args.json) if args.json else None
    if args.plots:
        check_plotting()
    for folder in filter(None, (args.plots, args.pictures)):
        check_folder(folder)
    paths = find_cases(args.folder, args.every, args.limit)
    _check(paths)
    tools = classical_tools() if args.classical else {}
    if tools and "GrabCut" not in tools:
        print("GrabCut is left out: it needs OpenCV; install napari-samunet[classical].")
    model = loaded(args)
    results = _measure(paths, model, args.clicks, tools)
    report = _report(args, model, results)

    from napari_samunet.evaluation.table import format_report

    # Hours of work: neither who stops reading nor a full disk costs more than its own part.
    owed: list[Callable[[], object]] = []
    if target is not None:
        owed.append(lambda: replace_text(target, report_json(report)))
    if args.plots and report["calibration"]:
        owed.append(lambda: _plot(report, Path(args.plots)))
    if args.pictures:
        owed.append(lambda: _draw_cases(results, Path(args.pictures)))
    try:
        for line in format_report(report).splitlines():
            say(line)
    finally:
        _write_each(owed)


def _write_each(outputs: Sequence[Callable[[], object]]) -> None:
    """Write each, whatever becomes of the others; tell all that were refused as one."""
    refused = []
    for write in outputs:
        try:
            write()
        except ExportRefused as error:
            refused.append(str(error))
    if refused:
        raise ExportRefused(" ".join(refused))


def _check(paths: list[Path]) -> None:
    """Read every case before the first is measured: what is wrong with one should be known now,
    and not at the end of the night.
    """
    from napari_samunet.evaluation.cases import read_case
    from napari_samunet.evaluation.report import MACRO_MODALITIES

    wrong, modalities = [], set()
    for path in paths:
        try:
            modalities.add(read_case(path).modality)
        except InputError as error:
            wrong.append(str(error))
    if wrong:
        others = f" {len(wrong) - 1} more cases cannot be measured either." if wrong[1:] else ""
        raise InputError(wrong[0] + others)
    if uncounted := sorted(modalities.difference(MACRO_MODALITIES)):
        say(
            f"samunet: Macro is over cases of modality {', '.join(MACRO_MODALITIES)}; those of "
            f"{', '.join(map(repr, uncounted))} are measured, but not counted in it.",
            error=True,
        )


def _report(args: argparse.Namespace, model: System, results: list[CaseResult]) -> dict:
    from napari_samunet.evaluation.report import make_report

    options = {"clicks": args.clicks, "every": args.every, "limit": args.limit}
    name, score_map = Path(args.model).name, model.contract.score_map
    return make_report(results, name, score_map, weights=model.model_hash, **options)


def _draw_cases(results: list[CaseResult], folder: Path) -> None:
    from napari_samunet.evaluation.pictures import write_pictures

    make_folder(folder)
    write_pictures(results, folder)


def _plot(report: dict, folder: Path) -> None:
    from napari_samunet.evaluation.plots import plot_reliability
    from napari_samunet.io.export import write_and_replace

    groups, before = report["calibration"], report.get("calibration_before", {})
    make_folder(folder)
    write_and_replace(
        folder / "reliability.png", lambda draft: plot_reliability(groups, before, draft)
    )


def _measure(
    paths: list[Path], model: System, clicks: int, tools: Mapping[str, Tool]
) -> list[CaseResult]:
    from tqdm import tqdm

    from napari_samunet.evaluation.cases import read_case
    from napari_samunet.evaluation.protocol import measure_case

    return [
        measure_case(read_case(path), model, clicks, tools)
        for path in tqdm(paths, desc="cases", unit="case")
    ]
