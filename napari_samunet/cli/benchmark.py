"""Measure how long a click takes here: without a window, or in a real one with --click."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from time import perf_counter

from napari_samunet.cli.display import need_window
from napari_samunet.cli.output import check_target, replace_text
from napari_samunet.errors import BadUsage

Timings = dict[str, list[float]]
"""What was measured → seconds, one number a repetition."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet benchmark``."""
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--repeat", type=int, default=50, metavar="N", help="repetitions of each")
    parser.add_argument(
        "--click",
        action="store_true",
        help="open a window and click in it: from mouse event to painted mask",
    )
    parser.add_argument("--json", metavar="OUT", help="write every single time here")


def run(args: argparse.Namespace) -> None:
    """Measure, print median and 95th percentile, write the single times.

    Raises
    ------
    InputError
        A bad model or option.
    """
    if args.repeat < 1:
        raise BadUsage(f"--repeat counts from 1, but {args.repeat} came.")
    target = check_target(args.json) if args.json else None
    measure = _in_a_window if args.click else _without_a_window
    timings = measure(args)
    print(format_timings(timings, f"model {args.model}, {_machine()}"))
    if target is not None:
        replace_text(target, json.dumps({"machine": _machine(), "seconds": timings}) + "\n")


def format_timings(timings: Timings, title: str) -> str:
    """Write a table with the median and the 95th percentile of each row, in milliseconds.

    Parameters
    ----------
    timings
        Seconds of the repetitions of each row.
    title
        What was measured where.
    """
    import numpy as np

    width = max(map(len, timings))
    lines = [title, f"{'':<{width}}  {'median':>9}  {'p95':>9}   n"]
    for name, seconds in timings.items():
        median, p95 = np.percentile(np.multiply(seconds, 1000), [50, 95])
        lines.append(f"{name:<{width}}  {median:>6.1f} ms  {p95:>6.1f} ms  {len(seconds):>2}")
    return "\n".join(lines)


def _in_a_window(args: argparse.Namespace) -> Timings:
    # The one place besides `samunet open` where the command line reaches for the plugin.
    need_window()

    from napari_samunet.plugin.benchmark import time_clicks

    return time_clicks(args.model, args.device, args.repeat)


def _without_a_window(args: argparse.Namespace) -> Timings:
    """Time the steps behind a click on the sample volume, through the public session."""
    from napari_samunet.io.sample import sample_volume
    from napari_samunet.models.load import load_model
    from napari_samunet.prompts.prompts import Prompts
    from napari_samunet.session.session import Session

    volume = sample_volume()
    model = load_model(args.model, device=args.device)
    rows, columns = volume.shape[1:]
    first = Prompts(points=[(rows // 2, columns // 3)], labels=[1])
    more = Prompts(points=[(rows // 2, columns // 3), (rows // 3, columns // 3)], labels=[1, 0])
    around = Prompts(box=(rows // 3, columns // 5, rows // 2, columns // 2))
    Session(volume, model).predict(first, index=0)  # the first call of all also warms torch up

    def fresh(prompts: Prompts) -> Callable[[int], object]:
        return lambda turn: Session(volume, model).predict(prompts, index=turn % volume.shape[0])

    session = Session(volume, model)
    middle = volume.shape[0] // 2
    answer = session.predict(first, index=middle)
    session.predict(more, index=middle, previous=answer)

    return {
        "first click on a slice (encode and decode)": _time(fresh(first), args.repeat),
        "box on a slice (encode and decode)": _time(fresh(around), args.repeat),
        "further click, slice warm": _time(
            lambda _: session.predict(more, index=middle, previous=answer), args.repeat
        ),
    }


def _time(action: Callable[[int], object], repeat: int) -> list[float]:
    seconds = []
    for turn in range(repeat):
        start = perf_counter()
        action(turn)
        seconds.append(perf_counter() - start)
    return seconds


def _machine() -> str:
    import torch

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    processor = platform.machine()
    return f"{os.cpu_count()} cores {processor}{gpu}, torch {torch.__version__}"
