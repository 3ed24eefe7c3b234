"""Measure how long encoding, decoding and a click take here, beside what people use today.

One run: the same weights, the same slices, in turns; medians and spread. Published networks get
seeded weights, which take the same time as trained ones.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_samunet.cli.display import has_display, need_window
from napari_samunet.cli.model import add_choice, loaded
from napari_samunet.cli.output import check_writable, replace_text
from napari_samunet.errors import BadUsage, SamUNetError

if TYPE_CHECKING:
    from napari_samunet.evaluation.growth import Curve
    from napari_samunet.evaluation.timing import Row
    from napari_samunet.models.system import System

PARTS = ("model", "published", "disk", "opening", "growth", "window")
AGAINST = ("sam-med2d", "sam-unet-res34", "sam-vit-b-256", "mobile-sam", "sam-vit-b")
_PREDICTED = ("mobile-sam", "sam-vit-b")  # what ``SamPredictor`` can answer with
_MOST_LARGE = 2  # repetitions of what takes seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet benchmark``."""
    add_choice(parser, system=False)
    parser.add_argument("--repeat", type=int, default=10, metavar="N", help="repetitions of each")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this alone; may be given often"
    )
    parser.add_argument(
        "--against",
        action="append",
        choices=AGAINST,
        help="measure this published network; may be given often (default: all)",
    )
    parser.add_argument("--json", metavar="OUT", help="write every single number here")
    parser.add_argument("--markdown", metavar="OUT", help="write a table of ratios here")
    parser.add_argument("--plot", metavar="OUT", help="draw how cost grows into this PNG")


def run(args: argparse.Namespace) -> None:
    """Measure, print the table, write what was asked for.

    Raises
    ------
    InputError
        A bad model or option.
    """
    if args.repeat < 1:
        raise BadUsage(f"--repeat counts from 1, but {args.repeat} came.")
    targets = {kind: check_writable(path) for kind in _TARGETS if (path := getattr(args, kind))}
    parts = _parts(args)

    from napari_samunet.evaluation.growth import plot_growth
    from napari_samunet.evaluation.timing import ratio_table, table

    model = loaded(args)
    curves: list[Curve] = []
    rows = _until_interrupted(_measure(args, parts, model, curves))
    text = f"{args.model}, {_machine()}\n\n{table(rows)}\n"
    print(text)
    if "json" in targets:
        words = {"machine": _machine(), "rows": [asdict(row) for row in rows]}
        replace_text(targets["json"], json.dumps(words, indent=1) + "\n")
    if "markdown" in targets:
        yardstick = _yardstick(rows)
        ratios = table(rows) if yardstick is None else ratio_table(rows, yardstick)
        replace_text(targets["markdown"], f"{_machine()}\n\n{ratios}\n")
    if "plot" in targets and curves:
        plot_growth(curves, Path(targets["plot"]))


def _until_interrupted(measured: Iterator[Row]) -> list[Row]:
    """All rows, or with Ctrl-C those that there are."""
    rows: list[Row] = []
    start = perf_counter()
    try:
        for row in measured:
            rows.append(row)
            after = perf_counter() - start
            print(f"{after:4.0f} s: {row.section}, {row.name}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        if not rows:
            raise
        print("samunet: interrupted, this is what was measured", file=sys.stderr)
    return rows


def _yardstick(rows: list[Row]) -> Row | None:
    """What all others are told in: the first encoding, or the first time where nothing encoded."""
    times = [row for row in rows if row.values and row.unit == "ms"]
    encoded = [row for row in times if row.section.startswith("encode")]
    return next(iter(encoded + times), None)


_TARGETS = ("json", "markdown", "plot")


def _parts(args: argparse.Namespace) -> tuple[str, ...]:
    """What is to be measured: all, and a window where there is a display, unless told."""
    if args.only:
        if "window" in args.only:
            need_window()
        parts = tuple(args.only)
    else:
        parts = PARTS if has_display() else PARTS[:-1]
    if args.plot:
        from napari_samunet.evaluation.plots import check_plotting

        check_plotting()
    return parts


def _measure(
    args: argparse.Namespace, parts: tuple[str, ...], model: System, curves: list[Curve]
) -> Iterator[Row]:
    """Measure part after part; ``curves`` gets those of growth, to be drawn."""
    from napari_samunet.evaluation import costs
    from napari_samunet.evaluation.contenders import pair_from
    from napari_samunet.evaluation.growth import growth
    from napari_samunet.evaluation.opening import opening

    if "window" in parts:
        yield from _in_a_window(args)
    if "model" in parts:
        pair = pair_from(model)
        encoded = costs.encoding(args.model, pair, args.repeat)
        yield from encoded
        yield from costs.decoding(args.model, pair, args.repeat)
        yield costs.share_of_peak(args.model, pair, encoded)
        yield from costs.memory_of(args.model, pair)
    if "disk" in parts:
        yield from costs.keeping(model, args.repeat)
    if "opening" in parts:
        yield from opening(min(args.repeat, _MOST_LARGE))
    if "published" in parts:
        for name in args.against or AGAINST:
            yield from _published(name, args.repeat, str(model.device))
    if "growth" in parts:
        curves += growth(model)
        yield from _as_rows(curves)


def _published(name: str, repeat: int, device: str) -> Iterator[Row]:
    from napari_samunet.evaluation import costs
    from napari_samunet.evaluation.contenders import Predictor, pair_of, why_no_predictor
    from napari_samunet.evaluation.timing import Row

    pair = pair_of(name, device)
    predictor = None
    if name in _PREDICTED:
        missing = why_no_predictor()
        if missing:
            yield Row(f"encode, {name}", "SamPredictor", note=missing)
        else:
            predictor = Predictor(pair.plain)
    large = pair.ours.contract.side > 512
    encoded = costs.encoding(name, pair, min(repeat, _MOST_LARGE if large else repeat), predictor)
    yield from encoded
    yield from costs.decoding(name, pair, repeat, predictor)
    yield costs.share_of_peak(name, pair, encoded)
    yield from costs.memory_of(name, pair)


def _in_a_window(args: argparse.Namespace) -> list[Row]:
    from napari_samunet.evaluation.timing import Row

    try:
        return _alone(_time_window, args.model, args.device, args.repeat)
    except (SamUNetError, BrokenProcessPool) as error:  # the rest can be measured all the same
        return [Row("a click in the window", "ours", note=f"left out: {error}")]


def _alone(work: Callable[..., list[Row]], *arguments: Any) -> list[Row]:
    """Do it in a process of its own, whose threads are not there for what is measured next.

    Once a second thread has computed with PyTorch, OpenMP's threads no longer spin while they wait,
    and small networks take up to twice as long.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def _time_window(model: str, device: str, repeat: int) -> list[Row]:
    # One of the few places where the command line reaches for the plugin.
    from napari_samunet.plugin.benchmark import time_window

    return time_window(model, device, repeat)


def _as_rows(curves: list[Curve]) -> list[Row]:
    from napari_samunet.evaluation.timing import Row

    return [
        Row(f"{curve.title}, {curve.label}: {place}", "ours", (value,))
        for curve in curves
        for place, value in zip(curve.places, curve.values, strict=True)
    ]


def _machine() -> str:
    import torch

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    threads = torch.get_num_threads()
    processor = f"{os.cpu_count()} cores {platform.machine()}, {threads} threads"
    return f"{processor}{gpu}, torch {torch.__version__}"
