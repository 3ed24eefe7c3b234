"""Synthetic anatomy: scenes of labelled shapes, wide enough that a real scan is just one more
sample.

A scene is a label map first: tissue regions, a body outline with a layer of fat, blobs that nest,
shells, tubes, arcs, trees, left-right pairs; all drawn in warped coordinates.
:mod:`napari_samunet.training.appearance` gives it grey values. Everything is drawn for a batch at
once with torch, on the device of the generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from napari_samunet.training.noise import chance, log_uniform, smooth_field, uniform, whole
from napari_samunet.training.shapes import arc_level, ellipse_level, tree_level

AIR, FAT, FIRST_REGION, FIRST_BLOB = 0, 8, 1, 10
REGIONS = 7
MOST_BLOBS = 20
IDS = FIRST_BLOB + 2 * MOST_BLOBS
ARCS, TREES = 0.2, 0.12  # how often a blob is an arc, or a tree, in half of the scenes of a batch
LAYER_WEIGHT = 0.15  # of skin, walls and cavities, beside organs: seldom a target
PAIRED, SCATTERED = 0.5, 0.1
"""How often the parts of a free shape are one structure to a person, in scenes of left-right pairs
and in others.
"""


@dataclass(frozen=True)
class Labels:
    """Label maps of a batch of scenes.

    Attributes
    ----------
    ids
        (B, S, S) int64.
    parent
        (B, number of ids) int64, the id that a blob lies in, 0 for none.
    together
        (B, number of ids) float32, how often the parts of each id count as one structure.
    kind
        ``"ct"``, ``"mr"``, ``"us"``, ``"xray"``, or ``"free"``: any.
    tissues
        The tissue of each id, where the scene shows a body region; else empty.
    weight
        (number of ids,) how often each is chosen as a target, or None: all alike.
    rim
        (number of ids,) of each that fills a thin rim, the rim's id, else 0; or None: none does.
    """

    ids: Tensor
    parent: Tensor
    together: Tensor
    kind: str = "free"
    tissues: tuple[str, ...] = ()
    weight: Tensor | None = None
    rim: Tensor | None = None


def draw_labels(generator: Generator, batch: int, side: int) -> Labels:
    """Draw the label maps of ``batch`` free scenes of ``side`` × ``side`` pixels."""
    mirrored = chance(generator, 0.25, batch)
    x, y = warped_grid(generator, batch, side)
    middle = uniform(generator, -0.05, 0.05, batch, 1, 1)
    x = torch.where(mirrored[:, None, None], middle - (x - middle).abs(), x)
    ids = _regions(generator, batch, side)
    ids = _body(generator, ids, x, y)
    ids, parent = _blobs(generator, ids, x, y)
    together = torch.where(mirrored, PAIRED, SCATTERED)[:, None].expand(-1, IDS)
    return Labels(ids, parent, together)


def warped_grid(
    generator: Generator, batch: int, side: int, strength: float = 1.0
) -> tuple[Tensor, Tensor]:
    """x and y (B, S, S) in units of the side, centre 0, after smooth displacement."""
    axis = (torch.arange(side, device=generator.device) + 0.5) / side - 0.5
    coarse = smooth_field(generator, batch, 2, whole(generator, 2, 6), side)
    fine = smooth_field(generator, batch, 2, whole(generator, 8, 23), side)
    shift = coarse * uniform(generator, 0, 0.03, batch, 1, 1, 1)
    shift = strength * (shift + fine * uniform(generator, 0, 0.006, batch, 1, 1, 1))
    return axis.view(1, 1, side) + shift[:, 0], axis.view(1, side, 1) + shift[:, 1]


def _regions(generator: Generator, batch: int, side: int) -> Tensor:
    fields = smooth_field(generator, batch, REGIONS, whole(generator, 2, 6), side)
    count = torch.randint(2, REGIONS + 1, (batch, 1), generator=generator, device=generator.device)
    count = torch.where(chance(generator, 0.25, batch, 1), torch.ones_like(count), count)
    unused = torch.arange(REGIONS, device=generator.device) >= count
    fields = fields.masked_fill(unused[..., None, None], -1e9)
    return fields.argmax(1) + FIRST_REGION


def _body(generator: Generator, ids: Tensor, x: Tensor, y: Tensor) -> Tensor:
    batch = len(ids)
    half_x, half_y = (uniform(generator, 0.27, 0.58, batch, 1, 1) for _ in range(2))
    centre = uniform(generator, -0.06, 0.06, batch, 2, 1, 1)
    power = uniform(generator, 2, 3.2, batch, 1, 1)
    radius = ((x - centre[:, 0]) / half_x).abs() ** power + (
        (y - centre[:, 1]) / half_y
    ).abs() ** power
    fat = (radius > uniform(generator, 0.6, 0.98, batch, 1, 1)) & chance(
        generator, 0.6, batch, 1, 1
    )
    has_body = chance(generator, 0.6, batch, 1, 1)
    ids = torch.where(has_body & fat, torch.full_like(ids, FAT), ids)
    return torch.where(has_body & (radius > 1), torch.zeros_like(ids), ids)


@dataclass
class _Blobs:
    """Placement of all blobs of a batch, biggest first; every field is (B, MOST_BLOBS)."""

    radius: Tensor
    x: Tensor
    y: Tensor
    parent: Tensor


def _place_blobs(generator: Generator, batch: int) -> _Blobs:
    shape = (batch, MOST_BLOBS)
    radius = log_uniform(generator, 0.012, 0.26, *shape).sort(1, descending=True).values
    x, y = uniform(generator, -0.45, 0.45, *shape), uniform(generator, -0.45, 0.45, *shape)
    parent = torch.zeros(shape, dtype=torch.int64, device=generator.device)
    for i in range(1, MOST_BLOBS):
        # A nested blob: a lesion, a ventricle, a nucleus; it lies in one drawn before it.
        inside = chance(generator, 0.4, batch)
        chosen = torch.randint(0, i, (batch, 1), generator=generator, device=generator.device)
        outer = radius.gather(1, chosen)[:, 0]
        small = outer * uniform(generator, 0.15, 0.65, batch)
        offset = uniform(generator, -0.6, 0.6, batch, 2) * outer[:, None]
        x[:, i] = torch.where(inside, x.gather(1, chosen)[:, 0] + offset[:, 0], x[:, i])
        y[:, i] = torch.where(inside, y.gather(1, chosen)[:, 0] + offset[:, 1], y[:, i])
        radius[:, i] = torch.where(inside, small.clamp(min=0.01), radius[:, i])
        parent[:, i] = torch.where(inside, FIRST_BLOB + 2 * chosen[:, 0], parent[:, i])
    return _Blobs(radius, x, y, parent)


def _blobs(generator: Generator, ids: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    batch = len(ids)
    placed = _place_blobs(generator, batch)
    count = torch.randint(3, MOST_BLOBS + 1, (batch,), generator=generator, device=ids.device)
    keep_air = chance(generator, 0.8, batch, 1, 1)
    parent = torch.zeros(batch, IDS, dtype=torch.int64, device=ids.device)
    for i in range(MOST_BLOBS):
        blob_id = FIRST_BLOB + 2 * i
        level = _blob_level(generator, placed, i, x, y)
        drawn = (level < 1) & (i < count)[:, None, None] & ~(keep_air & (ids == AIR))
        nested = placed.parent[:, i, None, None]
        drawn &= (nested == 0) | (ids == nested) | (ids == nested + 1)
        ids = torch.where(drawn, torch.full_like(ids, blob_id), ids)
        parent[:, blob_id] = placed.parent[:, i]
        inner = uniform(generator, 0.5, 0.95, batch, 1, 1)
        core = drawn & (level < inner) & chance(generator, 0.28, batch, 1, 1)
        ids = torch.where(core, torch.full_like(ids, blob_id + 1), ids)
        parent[:, blob_id + 1] = blob_id
    return ids, parent


def _blob_level(generator: Generator, placed: _Blobs, i: int, x: Tensor, y: Tensor) -> Tensor:
    """Below 1 inside blob ``i``: an ellipse, drawn out or not, bowed or not, rough or not; or an
    arc, or a tree.
    """
    batch = len(x)
    stretch = uniform(generator, -0.6, 0.6, batch, 1, 1)
    tube = chance(generator, 0.15, batch, 1, 1)
    stretch = torch.where(tube, uniform(generator, 0.8, 1.4, batch, 1, 1), stretch).exp()
    angle = uniform(generator, 0, 3.1416, batch, 1, 1)
    radius = placed.radius[:, i, None, None]
    dx, dy = x - placed.x[:, i, None, None], y - placed.y[:, i, None, None]
    rough = chance(generator, 0.7, batch, 1, 1) * 0.18
    bend = uniform(generator, -1, 1, batch, 1, 1) * chance(generator, 0.4, batch, 1, 1)
    bend = bend * torch.where(tube, 4.0, 0.9)
    half_axes = (radius * stretch, radius / stretch)
    level = ellipse_level(generator, dx, dy, half_axes, angle, rough, bend)
    drawn = float(uniform(generator, 0, 1, 1))
    if drawn > ARCS + TREES:
        return level
    reach = (1.5 * radius).clamp(min=0.03)
    width = (reach * uniform(generator, 0.08, 0.25, batch, 1, 1)).clamp(min=0.005)
    slender = (arc_level if drawn < ARCS else tree_level)(generator, dx, dy, reach, width)
    return torch.where(chance(generator, 0.5, batch, 1, 1), slender, level)
