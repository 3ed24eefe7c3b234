"""Scenes with anatomy's own order: body regions whose organs lie where they do in people.

The regions are data, ``resources/train/regions.toml``, which explains the words used here.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Generator, Tensor

from napari_samunet.assets import asset
from napari_samunet.training.anatomy import AIR, FAT, FIRST_BLOB, LAYER_WEIGHT, Labels, warped_grid
from napari_samunet.training.noise import chance, normal, smooth_field, uniform, whole
from napari_samunet.training.shapes import ellipse_level

THIN_RIM = 0.8  # of the radius: what fills as much of an organ is seldom meant without its rim
FIELD_OF_VIEW = 0.06  # of the side: how far the body lies off the centre
WARP = {"us": 0.4}  # of the usual displacement: what is looked at by ultrasound is round
TURNED = 12.0  # degrees: how far people lie askew


@dataclass(frozen=True)
class Tissue:
    """A kind of tissue: Hounsfield units from ``ct[0]`` to ``ct[1]``, dark or bright elsewhere."""

    ct: tuple[float, float]
    dark: bool = False
    bright: bool = False


@dataclass(frozen=True)
class Organ:
    """One entry of a region; lengths in half widths of the body, see the file."""

    name: str
    tissue: str
    size: tuple[float, float]
    at: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    bend: float = 0.0
    rough: float = 0.1
    fold: float = 0.0
    power: float = 2.0
    core: str = ""
    core_size: float = 0.8
    wall: bool = False
    part: str = ""
    joins: str = ""
    on: str = ""
    inside: str = ""
    twin: bool = False
    ring: tuple[int, int] = (0, 0)
    scatter: tuple[int, int] = (0, 0)
    stack: tuple[int, int] = (0, 0)
    orbit: tuple[float, float] = (0.0, 0.0)
    step: tuple[float, float] = (0.0, 0.0)
    layer: bool = False
    chance: float = 1.0
    jitter: float = -1.0
    weight: float = 1.0
    together: float = 0.5

    @property
    def moved(self) -> float:
        """How far the organ strays from its place, in half widths."""
        return self.jitter if self.jitter >= 0 else 0.012 if self.layer else 0.04


@dataclass(frozen=True)
class Region:
    """A part of the body: which images are made of it, half width in sides, height to width, and
    how often it is drawn.
    """

    name: str
    kinds: tuple[str, ...]
    body: tuple[float, float]
    aspect: float
    organs: tuple[Organ, ...]
    often: float = 1.0


@cache
def read_regions() -> tuple[tuple[Region, ...], dict[str, Tissue]]:
    """Read the shipped body regions and tissues."""
    table = tomllib.loads(asset("train/regions.toml").read_text())
    regions = tuple(
        Region(**entry | {"organs": tuple(Organ(**organ) for organ in entry["organs"])})
        for entry in table["region"]
    )
    return regions, {name: Tissue(**entry) for name, entry in table["tissues"].items()}


def draw_region(generator: Generator, batch: int, side: int) -> Labels:
    """Draw ``batch`` scenes of one body region, chosen at random."""
    regions, _ = read_regions()
    often = torch.tensor([float(region.often) for region in regions], device=generator.device)
    region = regions[int(torch.multinomial(often, 1, generator=generator))]
    kind = region.kinds[whole(generator, 0, len(region.kinds) - 1)]
    drawing = _Drawing.of_body(generator, region, batch, side, WARP.get(kind, 1.0))
    for organ in region.organs:
        drawing.add(organ)
    return drawing.finished(kind)


@dataclass
class _Drawing:
    """Label maps in the making; ``x``, ``y`` (B, S, S) are in half widths of the body."""

    generator: Generator
    x: Tensor
    y: Tensor
    ids: Tensor
    tissues: list[str]
    parents: list[int]
    weights: list[float]
    together: list[float]
    rims: list[int]
    families: dict[str, list[int]] = field(default_factory=dict)
    strayed: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @classmethod
    def of_body(
        cls, generator: Generator, region: Region, batch: int, side: int, warp: float
    ) -> _Drawing:
        x, y = warped_grid(generator, batch, side, warp)
        x, y = (v - uniform(generator, -FIELD_OF_VIEW, FIELD_OF_VIEW, batch, 1, 1) for v in (x, y))
        turn = uniform(generator, -1, 1, batch, 1, 1) ** 3 * math.radians(TURNED)
        half = uniform(generator, *region.body, batch, 1, 1)
        x, y = (
            (x * turn.cos() + y * turn.sin()) / half,
            (y * turn.cos() - x * turn.sin()) / half,
        )
        aspect = region.aspect * uniform(generator, 0.88, 1.12, batch, 1, 1)
        power = uniform(generator, 2, 2.7, batch, 1, 1)
        in_body = x.abs() ** power + (y / aspect).abs() ** power < 1
        ids = torch.where(in_body, FAT, AIR)
        # The ids below the first blob: air, and the fat under the skin.
        tissues = ["fat" if i == FAT else "air" for i in range(FIRST_BLOB)]
        weights = [LAYER_WEIGHT if i == FAT else 0.0 for i in range(FIRST_BLOB)]
        # Organs were placed for the usual height; a flatter body has them closer together.
        y = y * region.aspect / aspect
        parents, together, rims = [0] * FIRST_BLOB, [0.5] * FIRST_BLOB, [0] * FIRST_BLOB
        return cls(generator, x, y, ids, tissues, parents, weights, together, rims)

    def add(self, organ: Organ) -> None:
        """Draw an organ, or each of a ring, a stack or a scatter, with an id of its own."""
        there = chance(self.generator, organ.chance, len(self.ids), 1, 1)
        for at, angle in self._places(organ):
            base = self._new_id(organ, organ.tissue, self._holder(organ))
            within = self._holder(organ) if organ.wall else base
            core = self._new_id(organ, organ.core, within) if organ.core else base
            if organ.core and organ.core_size >= THIN_RIM:
                self._add_rim(organ, base, core)
            for mirror in (1, -1) if organ.twin else (1,):
                self._draw(organ, (mirror * at[0], at[1]), mirror * angle, (base, core), there)

    def finished(self, kind: str) -> Labels:
        """The label maps, mirrored, and turned over and around as files of volumes store them."""
        ids = self.ids
        if whole(self.generator, 0, 1):
            ids = ids.flip(2)
        if kind in ("ct", "mr") and whole(self.generator, 0, 1):
            ids = ids.flip(1)
        if kind in ("ct", "mr") and whole(self.generator, 0, 1):
            ids = ids.transpose(1, 2)
        batch, device = len(ids), ids.device
        parent = torch.tensor(self.parents, device=device).expand(batch, -1)
        together = torch.tensor(self.together, device=device).expand(batch, -1)
        weight, rim = (
            torch.tensor(numbers, device=device) for numbers in (self.weights, self.rims)
        )
        tissues = tuple(self.tissues)
        return Labels(ids.contiguous(), parent, together, kind, tissues, weight, rim)

    def _holder(self, organ: Organ) -> int:
        holder = organ.part or organ.joins
        return self.families[holder][0] if holder else 0

    def _new_id(self, organ: Organ, tissue: str, parent: int) -> int:
        new = len(self.tissues)
        self.tissues.append(tissue)
        self.weights.append(LAYER_WEIGHT if organ.layer else organ.weight)
        self.together.append(organ.together)
        self.parents.append(parent)
        self.rims.append(self.families[organ.joins][0] if organ.joins else 0)
        for name in {organ.name, organ.part} - {""}:
            self.families.setdefault(name, []).append(new)
        return new

    def _add_rim(self, organ: Organ, rim: int, core: int) -> None:
        """A wall belongs to what it holds; the fat around a muscle is never meant."""
        if organ.tissue == "fat":
            self.weights[rim] = 0.0
        else:
            self.rims[core] = self.rims[rim] or rim

    def _places(self, organ: Organ) -> list[tuple[tuple[float, float], float]]:
        """Centres and angles (radians) of all copies, the same for the scenes of a batch."""
        angle, (x, y) = math.radians(organ.angle), organ.at
        if organ.ring[1]:
            count, start = whole(self.generator, *organ.ring), self._number(0, 6.28)
            turns = [start + 6.2832 * i / max(count, 1) for i in range(count)]
            return [
                (
                    (x + organ.orbit[0] * math.cos(t), y + organ.orbit[1] * math.sin(t)),
                    math.atan2(organ.orbit[1] * math.cos(t), -organ.orbit[0] * math.sin(t)),
                )
                for t in turns
            ]
        if organ.stack[1]:
            count = whole(self.generator, *organ.stack)
            return [((x + i * organ.step[0], y + i * organ.step[1]), angle) for i in range(count)]
        if organ.scatter[1]:
            count = whole(self.generator, *organ.scatter)
            wide, high = organ.orbit
            return [
                (
                    (x + wide * self._number(-1, 1), y + high * self._number(-1, 1)),
                    angle * self._number(-1, 1),
                )
                for _ in range(count)
            ]
        return [((x, y), angle)]

    def _stray(self, organ: Organ) -> tuple[Tensor, Tensor]:
        """How far an organ lies off its place, two of (B, 1, 1), with the organ it moves with."""
        batch = len(self.ids)
        x, y = (organ.moved * normal(self.generator, batch, 1, 1) for _ in range(2))
        if organ.on:
            x, y = x + self.strayed[organ.on][0], y + self.strayed[organ.on][1]
        self.strayed[organ.name] = x, y
        return x, y

    def _number(self, low: float, high: float) -> float:
        return float(uniform(self.generator, low, high, 1))

    def _draw(
        self,
        organ: Organ,
        at: tuple[float, float],
        angle: float,
        ids: tuple[int, int],
        there: Tensor,
    ) -> None:
        generator, batch = self.generator, len(self.ids)
        spread = min(4 * organ.moved, 0.22)
        away = self._stray(organ)
        dx, dy = self.x - at[0] - away[0], self.y - at[1] - away[1]
        axes = [half * (spread * normal(generator, batch, 1, 1)).exp() for half in organ.size]
        turn = angle + 2 * organ.moved * normal(generator, batch, 1, 1)
        reach = 1.5 * max(float(half.max()) for half in axes)
        window = _window((dx.abs() < reach) & (dy.abs() < reach))
        if window is None:
            return
        dx, dy, shown = dx[window], dy[window], self.ids[window]
        level = ellipse_level(
            generator, dx, dy, (axes[0], axes[1]), turn, organ.rough, organ.bend, organ.power
        )
        if organ.fold:
            folds = smooth_field(generator, batch, 1, whole(generator, 14, 40), self.ids.shape[-1])
            level = level + organ.fold * folds[:, 0][window]
        drawn = (level < 1) & there & (shown != AIR)
        holder = organ.part or organ.inside
        if holder:
            drawn &= torch.isin(shown, torch.tensor(self.families[holder], device=shown.device))
        shown = torch.where(drawn, ids[0], shown)
        core = (organ.core_size * uniform(generator, 0.9, 1.1, batch, 1, 1)).clamp(max=0.97)
        self.ids[window] = torch.where(drawn & (level < core), ids[1], shown)


def _window(near: Tensor) -> tuple[slice, slice, slice] | None:
    """The rows and columns in which any scene (B, S, S) is near; None where none is."""
    rows, cols = (near.any(0).any(axis).nonzero().flatten().tolist() for axis in (1, 0))
    if not rows:
        return None
    return slice(None), slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
