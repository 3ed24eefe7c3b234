"""What the parts of the built-in network are worth: trained without each of them, from nothing.

    python docs/measure_parts.py SLICES [--images 6400] [--out runs/parts] [--every 2] [--only NAME]

SLICES is a folder of slice cases; those with masks by people are measured. All runs see the same
synthetic images of the shipped mix, in the same order. A part is taken away by holding at zero what
carries its outcome on, so that nothing else about the network changes. A run that was stopped goes
on where it was; one that ended is measured again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import torch
import torch.nn.functional as F
from measure_ablation import COLUMNS, measure
from torch import Tensor, nn
from tqdm import tqdm

from napari_samunet.assets import asset
from napari_samunet.evaluation.cases import human_cases
from napari_samunet.models import pyramid
from napari_samunet.models.load import load_model
from napari_samunet.models.samunet import MEMBERS
from napari_samunet.training.config import SHIPPED, TrainConfig, read_config
from napari_samunet.training.loop import Trainer
from napari_samunet.training.stream import batches

Batch = tuple[Tensor, Tensor, bool]
ALL = slice(None)
NOTHING: Mapping[str, slice | list[int]] = MappingProxyType({})
_TOKENS = {"adapters_in.*": ALL}
_SKIPS = {"mask_decoder.skips.*": ALL, "mask_decoder.match.*": ALL}
PARTS: dict[str, Mapping[str, slice | list[int]]] = {
    "whole": NOTHING,
    "whole, another seed": NOTHING,
    "no convolutional branch": _TOKENS | _SKIPS,
    "its maps join the mask decoder alone": _TOKENS,
    "its maps join the transformer alone": _SKIPS,
    "no transformer blocks": {"*.blocks.*.attn.proj.*": ALL, "*.blocks.*.mlp.lin2.*": ALL},
    "no local contrast": {"*.patch_embed.proj.weight": [1], "resnet.stem.0.weight": [1]},
    "no likeness to the clicks": {
        "mask_decoder.dense_maps.weight": [2, 5],
        "mask_decoder.maps.*.weight": [2, 5, 12, 13],
    },
    "no grey values of box and answer": {
        "mask_decoder.dense_maps.weight": [8, 11],
        "mask_decoder.maps.*.weight": [8, 11],
    },
    "geodesic distance to the clicks": NOTHING,
}
"""Name to what is held at zero: parameters by pattern, whole or some of their input channels."""

STEPS = 64
"""Pixels of half the frame that a geodesic path is at most long."""
FAR = 0.3
"""Geodesic distance at which likeness falls to 1/e; grey spans [-1, 1]."""


def main() -> None:
    """Train and measure each variant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--images", type=int, default=6400, help="images of each run")
    parser.add_argument("--out", type=Path, default=Path("runs/parts"), help="folder of the runs")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th case")
    parser.add_argument("--only", action="append", choices=PARTS, help="this one; repeatable")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cases = human_cases(args.folder)[:: args.every]
    config = replace(read_config(asset(SHIPPED)), images=args.images, warmup=50, ema=0.99)
    shown = same_batches(config, args.out / f"{args.images}.pt")
    print(f"{args.images} images each; {len(cases)} cases; macro Dice: {', '.join(COLUMNS)}")
    for name in args.only or PARTS:
        with _changed(name), patch("napari_samunet.training.loop.batches", shown):
            weights = train(name, config, args.out / name.replace(",", "").replace(" ", "-"))
            measure(name, cases, load_model(weights, device="cpu"))


def same_batches(config: TrainConfig, path: Path) -> Callable[..., Iterator[Batch]]:
    """``batches`` from a file, which is made where it is not there: all variants see the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        size = MEMBERS[config.member].image_size
        drawn = batches(config.scenes, size, config.batch, config.seed, 0)
        torch.save(list(tqdm(islice(drawn, config.steps), "images", config.steps)), path)
    stored = torch.load(path, mmap=True)
    return lambda scenes, size, batch, seed, start: iter(stored[start:])


def train(name: str, config: TrainConfig, folder: Path) -> Path:
    """Train without the part of that name; returns the path of the weights."""
    if name == "whole, another seed":
        config = replace(config, seed=config.seed + 1)
    trainer = Trainer(config, folder, "cpu")
    _hold_at_zero(trainer.model, PARTS[name])
    return trainer.run()


def _hold_at_zero(model: nn.Module, part: Mapping[str, slice | list[int]]) -> None:
    for pattern, channels in part.items():
        found = [p for name, p in model.named_parameters() if fnmatch(name, pattern)]
        assert found, pattern
        for parameter in found:
            kept = torch.ones_like(parameter)
            if isinstance(channels, slice):
                kept.zero_()
            else:
                kept[:, channels] = 0
            parameter.data *= kept  # neither decay nor momentum moves it from there
            parameter.register_hook(lambda gradient, kept=kept: gradient * kept)


@contextmanager
def _changed(name: str) -> Iterator[None]:
    if not name.startswith("geodesic"):
        yield
        return
    drawn = pyramid._click_maps

    def geodesic(grey: Tensor, points_xy: Tensor, chosen: Tensor) -> Tensor:
        maps = drawn(grey, points_xy, chosen)
        maps[:, 2:3] = geodesic_likeness(grey, points_xy, chosen)
        return maps

    with patch.object(pyramid, "_click_maps", geodesic):
        yield


def geodesic_likeness(grey: Tensor, points_xy: Tensor, chosen: Tensor) -> Tensor:
    """exp(-d / FAR), d the least sum of grey steps on a way from a click, (B, 1, S, S).

    ``grey`` is (B, 1, S, S), ``points_xy`` (B, P, 2) in its pixels, ``chosen`` (B, P) bool. The
    ways are found at half the side, by letting neighbours hand on what they know.
    """
    small = F.avg_pool2d(grey, 2)
    side = small.shape[-1]
    x, y = ((points_xy / 2).long().clamp(0, side - 1)).unbind(-1)
    clicked = torch.zeros_like(small).flatten(1)
    clicked = clicked.scatter_reduce(1, y * side + x, chosen.float(), "amax")
    distance = (1e3 * (1 - clicked)).view_as(small)
    for _ in range(STEPS):
        before = distance
        for dim in (2, 3):
            step = small.diff(dim=dim).abs() + 0.005
            first, last = distance.narrow(dim, 0, side - 1), distance.narrow(dim, 1, side - 1)
            forwards = torch.minimum(last, first + step)
            backwards = torch.minimum(first, last + step)
            head, tail = distance.narrow(dim, 0, 1), distance.narrow(dim, side - 1, 1)
            distance = torch.minimum(
                torch.cat([head, forwards], dim), torch.cat([backwards, tail], dim)
            )
        if torch.equal(before, distance):
            break
    return F.interpolate((-distance / FAR).exp(), size=grey.shape[-2:], mode="bilinear")


if __name__ == "__main__":
    main()
