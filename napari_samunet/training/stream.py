"""An endless, seeded stream of training batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from napari_samunet.training.anatomy import draw_labels
from napari_samunet.training.appearance import paint
from napari_samunet.training.config import SceneConfig
from napari_samunet.training.regions import draw_region
from napari_samunet.training.targets import Sample, draw_samples


class SampleStream(IterableDataset):
    """Samples without end; each worker of a loader draws its own. ``start`` skips nothing, it only
    reseeds.
    """

    def __init__(self, config: SceneConfig, image_size: int, seed: int, start: int = 0) -> None:
        super().__init__()
        self.config, self.image_size = config, image_size
        self.seed, self.start = seed, start

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, bool]]:
        worker = get_worker_info()
        torch.set_num_threads(1)
        seed = [self.seed, self.start, worker.id if worker else 0]
        rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        pool: list[Sample] = []
        while True:
            while len(pool) < self.config.pool:
                body = rng.random() < self.config.regions
                draw = draw_region if body else draw_labels
                labels = draw(generator, self.config.scenes_at_once, self.config.side)
                images = paint(generator, labels)
                pool += draw_samples(
                    rng, images, labels, self.config.targets_per_scene, self.image_size
                )
            sample = pool.pop(int(rng.integers(len(pool))))
            mask = torch.from_numpy(sample.mask)[None]
            yield torch.from_numpy(sample.image)[None], mask, sample.boxed


def batches(
    config: SceneConfig, image_size: int, batch: int, seed: int, start: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, bool]]:
    """Batches of one kind each: ``image`` (B, 1, S, S) float32, ``mask`` (B, 1, S, S) bool, with
    boxes or without.
    """
    stream = SampleStream(config, image_size, seed, start)
    ahead = 64 if config.workers else None
    loader = DataLoader(stream, batch_size=None, num_workers=config.workers, prefetch_factor=ahead)
    waiting: dict[bool, list[tuple[torch.Tensor, torch.Tensor]]] = {True: [], False: []}
    for image, mask, boxed in loader:
        group = waiting[boxed]
        group.append((image, mask))
        if len(group) == batch:
            yield torch.stack([g[0] for g in group]), torch.stack([g[1] for g in group]), boxed
            group.clear()
