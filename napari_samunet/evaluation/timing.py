"""Times that can be believed: contenders take turns, and what is told is median and spread."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from napari_samunet.models.packed_linear import pack_linears

_PEAK_SIDE, _PEAK_TURNS = 2048, 7
_SPEEDS = ("ms", "slices/s")

Action = Callable[[int], object]
"""Does once what is timed; told which repetition it is."""


@dataclass(frozen=True)
class Row:
    """What one contender took.

    Attributes
    ----------
    section
        What was measured; the first row of a section is what the others are compared with.
    name
        Who was measured.
    values
        One number a repetition, in ``unit``.
    unit
        "ms", "slices/s", "MB" or "%".
    note
        Anything that has to be known of the number; of a row that was left out, why.
    """

    section: str
    name: str
    values: tuple[float, ...] = field(default=())
    unit: str = "ms"
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of all values."""
        return float(np.median(self.values))


def take_turns(section: str, contenders: Mapping[str, Action], repeat: int) -> list[Row]:
    """Time contenders one after the other, ``repeat`` times round, after a round that warms up.

    Whatever else the machine does meanwhile, and however warm it gets, strikes all alike.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for action in contenders.values():
        action(0)
    gc.collect()
    for turn in range(repeat):
        for name, action in contenders.items():
            start = perf_counter()
            action(turn)
            _wait_for_device()
            seconds[name].append(1000 * (perf_counter() - start))
    return [Row(section, name, tuple(values)) for name, values in seconds.items()]


def flops_of(work: Callable[[], object]) -> int:
    """Return the floating-point operations of matrix products and convolutions in ``work()``."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def peak_flops(device: torch.device) -> float:
    """Return the floating-point operations a second of the best of a few large matrix products.

    On a processor oneDNN's kernels take part beside torch's own.
    """
    left, right = (torch.rand(_PEAK_SIDE, _PEAK_SIDE, device=device) for _ in range(2))
    layer = nn.Sequential(nn.Linear(_PEAK_SIDE, _PEAK_SIDE, device=device)).requires_grad_(False)
    pack_linears(layer)
    times = []
    for product in (lambda: left @ right, lambda: layer(left)) * _PEAK_TURNS:
        start = perf_counter()
        product()
        _wait_for_device()
        times.append(perf_counter() - start)
    return 2 * _PEAK_SIDE**3 / min(times)


def table(rows: Sequence[Row]) -> str:
    """Write rows as Markdown: median, 5th and 95th percentile, ratio to the section's first row.

    The ratio says how many times sooner it was.
    """
    return _markdown("median", rows, lambda row, value: (value, f" {row.unit}"))


def ratio_table(rows: Sequence[Row], yardstick: Row) -> str:
    """Write rows as Markdown without the machine's own speed: ratios alone.

    Every time is told as so many times that of the ``yardstick``; shares and megabytes as they are.
    """

    def tell(row: Row, value: float) -> tuple[float, str]:
        if row.unit not in _SPEEDS:
            return value, f" {row.unit}"
        return (1000 / value if row.unit == "slices/s" else value) / yardstick.median, ""

    return _markdown(f"times {yardstick.section}, {yardstick.name}", rows, tell)


def _markdown(
    middle: str, rows: Sequence[Row], tell: Callable[[Row, float], tuple[float, str]]
) -> str:
    """A line for each row; ``tell`` gives a value and its unit as they are to be read."""
    lines = [
        f"| what | who | {middle} | 5 to 95 % | n | times as fast |",
        "|---|---|---:|---:|---:|---:|",
    ]
    first: dict[str, Row] = {}
    above = ""
    for row in rows:
        what = "" if row.section == above else row.section
        above = row.section
        if not row.values:
            lines.append(f"| {what} | {row.name} | - | {row.note} | | |")
            continue
        base = first.setdefault(row.section, row)
        name = f"{row.name} ({row.note})" if row.note else row.name
        value, unit = tell(row, row.median)
        ends = sorted(tell(row, end)[0] for end in np.percentile(row.values, [5, 95]))
        spread = " to ".join(map(_short, ends))
        cells = (what, name, f"{_short(value)}{unit}", spread, len(row.values), _sooner(base, row))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _sooner(base: Row, row: Row) -> str:
    """How many times sooner than the first of its section a row was; "" of what is no speed."""
    if row is base or row.unit != base.unit or row.unit not in _SPEEDS:
        return ""
    fast, slow = (row, base) if row.unit == "slices/s" else (base, row)
    return f"{fast.median / slow.median:.2f}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _wait_for_device() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
