"""Grey values for label maps: contrast as CT, MR, ultrasound and radiography show it, with their
defects.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from napari_samunet.training.anatomy import AIR, FIRST_BLOB, IDS, Labels
from napari_samunet.training.artefacts import add_ghosts, add_streaks
from napari_samunet.training.noise import (
    blur,
    chance,
    log_uniform,
    normal,
    smooth_field,
    uniform,
    whole,
)
from napari_samunet.training.radiograph import shine_through
from napari_samunet.training.regions import Tissue, read_regions

# Windows that CT is read with, in HU: soft tissue, mediastinum, liver, lung, bone, all.
CT_WINDOWS = ((-160, 240), (-125, 225), (-60, 180), (-1350, 150), (-450, 1050), (-1000, 1000))
BRAIN_WINDOW = (-5, 85)

# The brightest part of half of the images is one white, from this share of the pixels on: what lies
# between and below the lungs, shown to read the lungs; fat, and what lies beside a coil.
BURNT_OUT = {"xray": 0.5, "mr": 0.85}


def paint(generator: Generator, labels: Labels) -> Tensor:
    """Grey values (B, S, S) in [0, 1], as a window would show them, for a batch of label maps."""
    ids, kind = labels.ids, labels.kind
    batch, side = ids.shape[0], ids.shape[-1]
    image = _tissue(generator, labels)
    ultrasound, radiograph = {"free": (0.15, 0.12), "us": (1, 0)}.get(kind, (0, 0))
    image = _echoes(generator, image, ids, chance(generator, ultrasound, batch, 1, 1))
    image = _projection(generator, image, chance(generator, radiograph, batch, 1, 1))
    if kind == "xray":
        image = shine_through(generator, image, ids)
    if kind != "ct":
        bias = smooth_field(generator, batch, 1, whole(generator, 1, 4), side)[:, 0]
        strength = uniform(generator, 0, 0.45, batch, 1, 1) * chance(generator, 0.5, batch, 1, 1)
        image = image * torch.exp(bias * strength)
    if kind == "mr":
        image = image * _coil(generator, *image.shape[:2])
    image = _point_spread(generator, image)
    if kind == "ct":
        image = add_streaks(generator, image)
    if kind == "mr":
        image = add_ghosts(generator, image)
    image = _noise(generator, image, kind)
    if kind == "ct":
        return image.clamp(0, 1)
    return _window(generator, image, kind)


def _tissue(generator: Generator, labels: Labels) -> Tensor:
    ids, batch, side = labels.ids, labels.ids.shape[0], labels.ids.shape[-1]
    means = _tissue_means(generator, labels) if labels.tissues else _means(generator, labels)
    count = means.shape[1]
    image = means.gather(1, ids.flatten(1)).view_as(ids)
    for cells in (whole(generator, side // 14, side // 6), whole(generator, side // 5, side // 2)):
        amount = uniform(generator, 0, 1, batch, count) ** 3 * uniform(
            generator, 0.02, 0.22, batch, 1
        )
        amount[:, AIR] *= 0.2
        if labels.kind == "xray":
            amount = 0.35 * amount  # fine structure averages out along the ray
        texture = smooth_field(generator, batch, 1, cells, side)[:, 0]
        image = image + texture * amount.gather(1, ids.flatten(1)).view_as(ids)
    return image


def _means(generator: Generator, labels: Labels) -> Tensor:
    """A mean per id: from a palette of a few tissues or free; what is nested differs a little from
    what holds it.
    """
    batch = len(labels.ids)
    size = whole(generator, 3, 8)
    palette = uniform(generator, 0.02, 1, batch, size)
    pick = torch.randint(0, size, (batch, IDS), generator=generator, device=generator.device)
    spread = torch.randn(batch, IDS, generator=generator, device=generator.device)
    from_palette = palette.gather(1, pick) + 0.03 * spread
    means = torch.where(
        chance(generator, 0.6, batch, 1), from_palette, uniform(generator, 0, 1, batch, IDS)
    )
    step = log_uniform(generator, 0.05, 0.6, batch, IDS)
    step = torch.where(chance(generator, 0.5, batch, IDS), step, -step)
    similar = chance(generator, 0.6, batch, IDS)
    for blob in range(FIRST_BLOB, IDS):  # parents come before their children
        outer = labels.parent[:, blob : blob + 1]
        near = means.gather(1, outer)[:, 0] + step[:, blob]
        inside = (outer[:, 0] > 0) & similar[:, blob]
        means[:, blob] = torch.where(inside, near, means[:, blob])
    dark = chance(generator, 0.85, batch)
    means[:, AIR] = torch.where(dark, uniform(generator, 0, 0.06, batch), means[:, AIR])
    return means


def _tissue_means(generator: Generator, labels: Labels) -> Tensor:
    """A mean per id from its tissue: Hounsfield units seen through a window, else any grey."""
    batch, (_, table) = len(labels.ids), read_regions()
    names = sorted(set(labels.tissues))
    of_tissue = torch.stack(
        [_grey(generator, batch, table[name], labels.kind) for name in names], 1
    )
    index = torch.tensor([names.index(name) for name in labels.tissues], device=generator.device)
    if labels.kind in ("mr", "us"):
        of_tissue = _alike(generator, of_tissue, [table[name] for name in names])
    spread = 10 if labels.kind == "ct" else 0.03
    means = of_tissue[:, index] + spread * normal(generator, batch, len(index))
    if labels.kind != "ct":
        return means
    low, high = CT_WINDOWS[whole(generator, 0, len(CT_WINDOWS) - 1)]
    if "grey" in names or whole(generator, 0, 1):
        # Half of the scenes in the window that abdomen and chest are read with; heads in theirs.
        low, high = BRAIN_WINDOW if "grey" in names else CT_WINDOWS[0]
    return (means - low) / (high - low)


def _grey(generator: Generator, batch: int, tissue: Tissue, kind: str) -> Tensor:
    if kind == "ct":
        return uniform(generator, *tissue.ct, batch)
    if kind == "xray":  # what attenuates much is bright
        return uniform(generator, *_attenuation(tissue), batch)
    if tissue.dark:
        return uniform(generator, 0, 0.15, batch)
    return uniform(generator, 0.7 if tissue.bright else 0.08, 1, batch)


def _alike(generator: Generator, greys: Tensor, tissues: list[Tissue]) -> Tensor:
    """Draw most greys (B, T) of a scene towards one another in half of the scenes, as sequences do
    that tell fluid and fat from everything else but one organ badly from the next.
    """
    batch, count = greys.shape
    apart = torch.tensor([t.dark or t.bright for t in tissues], device=greys.device)
    near = chance(generator, 0.5, batch, 1) & chance(generator, 0.75, batch, count) & ~apart
    common, kept = uniform(generator, 0.2, 0.8, batch, 1), uniform(generator, 0.15, 0.7, batch, 1)
    return torch.where(near, common + kept * (greys - common), greys)


def _attenuation(tissue: Tissue) -> tuple[float, float]:
    """How bright a tissue is in a radiograph: black beside the body, lungs less than the rest."""
    if tissue.dark and tissue.ct[1] < -900:
        return 0.0, 0.1
    return (0.1, 0.65) if tissue.dark and tissue.ct[1] < 0 else (0.65, 0.95)


def _echoes(generator: Generator, image: Tensor, ids: Tensor, chosen: Tensor) -> Tensor:
    """Ultrasound: bright interfaces where they lie across the beam, speckle, shadows, a fan."""
    batch, side = len(image), image.shape[-1]
    across, along = (ids != ids.roll(1, 1)).float(), (ids != ids.roll(1, 2)).float()
    near = torch.full((batch,), 3.0, device=image.device)
    flat, steep = blur(across, near, near), blur(along, near, near)
    facing = (flat + 0.01) / (flat + steep + 0.01)  # 1 where an interface faces the beam from above
    drop = uniform(generator, 0, 1, batch, 1, 1)
    turned = torch.where(image > 0.65, image * (1 - drop * (1 - facing)), image)
    width = uniform(generator, 0.5, 2.5, batch)
    bright = blur(across.maximum(along) * (1 - drop * (1 - facing)), width, width)
    patchy = smooth_field(generator, batch, 1, 5, side)[:, 0].clamp(0, 1.5)
    echo = turned * 0.5 + bright * patchy * uniform(generator, 0.5, 2.5, batch, 1, 1)
    real, imaginary = smooth_field(
        generator, batch, 2, whole(generator, side // 4, side - 1), side
    ).unbind(1)
    speckle = (real**2 + imaginary**2).sqrt() * 0.8
    echo = echo * (1 + uniform(generator, 0.15, 0.9, batch, 1, 1) * (speckle - 1))
    beams = smooth_field(generator, batch, 1, 9, side)[:, 0, :1]
    shadow = (6 * (beams - uniform(generator, 1, 3, batch, 1, 1))).sigmoid()
    echo = (echo * (1 - 0.8 * shadow)).clamp(min=0) ** uniform(generator, 1, 2, batch, 1, 1)
    return torch.where(chosen, torch.where(_fan(generator, batch, side), echo, 0.0), image)


def _fan(generator: Generator, batch: int, side: int) -> Tensor:
    """Where an ultrasound picture shows anything: a fan, cut above and below, a corner blanked."""
    axis = (torch.arange(side, device=generator.device) + 0.5) / side
    x, y = axis.view(1, 1, side), axis.view(1, side, 1)
    spread = uniform(generator, 0.5, 1.4, batch, 1, 1) * (y + 0.25)
    cut = uniform(generator, -0.1, 0.22, batch, 2, 1, 1).clamp(min=0)
    fan = ((x - 0.5).abs() < spread) & (y > cut[:, 0]) & (y < 1 - cut[:, 1])
    corner = uniform(generator, 0.7, 1.2, batch, 2, 1, 1)
    return fan & ~((x > corner[:, 0]) & (y > corner[:, 1] - cut[:, 1]))


def _projection(generator: Generator, image: Tensor, chosen: Tensor) -> Tensor:
    """Free shapes as a radiograph: soft masses, ribs and a slope lie over them."""
    batch, side = len(image), image.shape[-1]
    axis = (torch.arange(side, device=image.device) + 0.5) / side - 0.5
    x, y = axis.view(1, 1, side), axis.view(1, side, 1)
    bend = uniform(generator, -1.5, 1.5, batch, 1, 1)
    phase = uniform(generator, 12, 30, batch, 1, 1) * 2 * (y + bend * (x.abs() - 0.2) ** 2)
    ribs = (torch.sin(phase) - uniform(generator, 0, 0.7, batch, 1, 1)).clamp(min=0)
    clouds = smooth_field(generator, batch, 2, whole(generator, 3, 7), side).clamp(min=0).sum(1)
    over = uniform(generator, 0, 0.25, batch, 1, 1) * ribs
    over = over + uniform(generator, 0, 0.25, batch, 1, 1) * clouds
    over = over + uniform(generator, -0.5, 0.5, batch, 1, 1) * y
    return torch.where(chosen, 0.7 * image + over, image)


def _coil(generator: Generator, batch: int, side: int) -> Tensor:
    """Sensitivity (B, S, S) of a small coil, bright beside it, dark far away: one MR of eight."""
    axis = (torch.arange(side, device=generator.device) + 0.5) / side
    x, y = (
        grid - uniform(generator, 0.2, 0.8, batch, 1, 1)
        for grid in (axis.view(1, 1, side), axis.view(1, side, 1))
    )
    reach = uniform(generator, 0.1, 0.4, batch, 1, 1)
    near = 1 / (1 + (x**2 + y**2) / reach**2)
    return torch.where(chance(generator, 0.125, batch, 1, 1), near, 1.0)


def _point_spread(generator: Generator, image: Tensor) -> Tensor:
    """Blur; in a fifth of the scenes more along one axis, as thick slices give elsewhere."""
    batch = len(image)
    sigma = uniform(generator, 0.1, 1.6, batch)
    thick = sigma + uniform(generator, 0.5, 2, batch) * chance(generator, 0.2, batch)
    rows_thick = chance(generator, 0.5, batch)
    return blur(image, torch.where(rows_thick, thick, sigma), torch.where(rows_thick, sigma, thick))


def _noise(generator: Generator, image: Tensor, kind: str) -> Tensor:
    """Gaussian or, where grey values are magnitudes, Rician noise; fine or coarse."""
    batch, side = len(image), image.shape[-1]
    # Ultrasound has its speckle; fast series of the heart are the noisiest.
    most = {"us": 0.03, "xray": 0.04, "mr": 0.2}.get(kind, 0.1)
    amount = uniform(generator, 0, 1, batch, 1, 1) ** 2 * most
    cells = side - 1 if whole(generator, 0, 1) else whole(generator, side // 4, side // 2)
    real, imaginary = smooth_field(generator, batch, 2, cells, side).unbind(1)
    noisy = image + amount * real
    rician = (noisy**2 + (amount * imaginary) ** 2).sqrt()
    magnitude = {"ct": 0.0, "xray": 0.0, "mr": 0.7}.get(kind, 0.4)
    return torch.where(chance(generator, magnitude, batch, 1, 1), rician, noisy)


def _window(generator: Generator, image: Tensor, kind: str) -> Tensor:
    """Percentile window, gamma, now and then inversion."""
    batch = len(image)
    ordered = image[:, ::3, ::3].flatten(1).sort(1).values
    last = ordered.shape[1] - 1
    top = uniform(generator, 0.97, 1, batch, 1)
    if kind in BURNT_OUT:
        burnt = uniform(generator, BURNT_OUT[kind], 1, batch, 1)
        top = torch.where(chance(generator, 0.5, batch, 1), burnt, top)
    low = ordered.gather(1, (uniform(generator, 0, 0.03, batch, 1) * last).long())
    high = ordered.gather(1, (top * last).long())
    low, high = low[..., None], high[..., None]
    shown = ((image - low) / (high - low).clamp(min=1e-3)).clamp(0, 1)
    gamma = torch.where(
        chance(generator, 0.4, batch),
        log_uniform(generator, 0.6, 1.7, batch),
        torch.ones(batch, device=image.device),
    )
    shown = shown ** gamma[:, None, None]
    inverted = chance(generator, 0.0 if kind == "us" else 0.15, batch, 1, 1)
    return torch.where(inverted, 1 - shown, shown)
