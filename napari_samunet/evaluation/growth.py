"""How cost grows: with the side of a slice, the number of slices, and the number of prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from napari_samunet.evaluation.costs import WINDOW, slices
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.precompute import precompute
from napari_samunet.models.system import System
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import SliceRef

SIDES = (128, 256, 512, 1024)
COUNTS = (5, 10, 20)
CLICKS = (1, 2, 5, 10, 20)
_TURNS = 5


@dataclass(frozen=True)
class Curve:
    """Median milliseconds over what grows."""

    title: str
    label: str
    places: tuple[int, ...]
    values: tuple[float, ...]


def growth(system: System) -> list[Curve]:
    """Measure the three curves of a system on this machine."""
    return [
        Curve("first box on a slice", "side of the slice (px)", SIDES, _over_sides(system)),
        Curve("encode slices ahead", "slices", COUNTS, _over_counts(system)),
        Curve("further click", "clicks so far", CLICKS, _over_clicks(system)),
    ]


def plot_growth(curves: list[Curve], path: Path) -> None:
    """Draw the curves side by side into a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(curves), 2.8), layout="constrained")
    for curve, axes in zip(curves, figure.subplots(1, len(curves)), strict=True):
        axes.plot(curve.places, curve.values, "o-", color="#2a6fb0")
        axes.set_title(curve.title, fontsize=10)
        axes.set_xlabel(curve.label)
        axes.set_ylim(0, 1.15 * max(curve.values))
        axes.set_ylabel("ms")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def _over_sides(system: System) -> tuple[float, ...]:
    def first_box(side: int) -> float:
        volume, engine = slices(_TURNS + 1, side), Engine(system)
        box = Prompts(box=(side // 4, side // 4, side // 2, side // 2))
        return _median(lambda turn: engine.predict(volume, SliceRef(0, turn), box, WINDOW))

    return tuple(map(first_box, SIDES))


def _over_counts(system: System) -> tuple[float, ...]:
    volume = slices(max(COUNTS))

    def ahead(count: int) -> float:
        refs = [SliceRef(0, index) for index in range(count)]
        return _median(lambda _turn: list(precompute(Engine(system), volume, refs, WINDOW)))

    return tuple(map(ahead, COUNTS))


def _over_clicks(system: System) -> tuple[float, ...]:
    volume, ref = slices(1), SliceRef(0, 0)
    random = np.random.default_rng(1)
    places = random.uniform(150, 350, (max(CLICKS), 2))
    labels = (np.arange(max(CLICKS)) % 3 != 2).astype(int)
    engine = Engine(system)
    answer = engine.predict(volume, ref, Prompts(box=(100, 100, 400, 400)), WINDOW)

    def further(count: int) -> float:
        prompts = Prompts(points=places[:count], labels=labels[:count])
        return _median(lambda _turn: engine.predict(volume, ref, prompts, WINDOW, answer))

    return tuple(map(further, CLICKS))


def _median(work: Callable[[int], object]) -> float:
    """Median milliseconds of a few turns, after one that warms up."""
    seconds = []
    for turn in range(_TURNS + 1):
        start = perf_counter()
        work(turn)
        seconds.append(perf_counter() - start)
    return 1000 * float(np.median(seconds[1:]))
