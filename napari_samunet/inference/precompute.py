"""Many slices encoded before anybody asks for them, in batches, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.relief import is_out_of_memory
from napari_samunet.inference.view import View
from napari_samunet.io.volume import Volume
from napari_samunet.models.system import System
from napari_samunet.types import AnyArray, SliceRef, Window

GPU_BATCH = 32
"""Slices at once on a GPU; a processor is no faster with more than one."""

Features = Mapping[str, Tensor]


class Picture(NamedTuple):
    """What an encoder needs of a slice: its pixels in the model frame, and what of it is image."""

    pixels: AnyArray
    valid: tuple[int, int]


Encode = Callable[[Sequence[Picture]], Iterable[Features]]
"""Encodes pictures, one after the other or all at once."""


def precompute(
    engine: Engine,
    volume: Volume,
    refs: Iterable[SliceRef],
    window: Window | None = None,
    encode: Encode | None = None,
    batch: int | None = None,
) -> Iterator[bool]:
    """Fill the engine's cache; for each slice in turn tell whether it had to be encoded.

    What the cache holds already is passed over and counts as used, so that a run that was cut off
    goes on where it was.

    Parameters
    ----------
    engine
        Whose cache is filled.
    volume, refs, window
        The slices, and the window that they are shown with.
    encode
        What encodes a batch; None: the engine's own system.
    batch
        Slices at once; None: what suits the device.
    """
    encode = encode or Encoder(engine)
    batch = batch or (GPU_BATCH if engine.system.device.type == "cuda" else 1)
    waiting = iter(refs)
    while some := list(islice(waiting, batch)):
        views = [View(engine, volume, ref, window) for ref in some]
        keys = [view.key(view.frame()) for view in views]
        wanted = {
            key: view for key, view in zip(keys, views, strict=True) if key not in engine.cache
        }
        for key in set(keys).difference(wanted):
            if engine.cache.folder is not None:  # lest it makes room for the others of its image
                engine.cache.folder.touch(key)
        _fill(engine, wanted, encode)
        fresh = set(wanted)
        for key in keys:
            yield key in fresh
            fresh.discard(key)  # its equals in the batch came for nothing


def count_kept(
    engine: Engine, volume: Volume, refs: Iterable[SliceRef], window: Window | None = None
) -> int:
    """Count the slices whose embeddings lie on the disk; parameters as of ``precompute``."""
    folder = engine.cache.folder
    views = (View(engine, volume, ref, window) for ref in refs)
    return 0 if folder is None else sum(view.key(view.frame()) in folder for view in views)


class Encoder:
    """Encodes batches with an engine's system; a batch too large for the device is halved."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, pictures: Sequence[Picture]) -> list[Features]:
        """Return the features of each picture."""
        engine = self._engine
        if len(pictures) == 1:
            return engine.relief(lambda: encode_pictures(engine.system, pictures))
        try:
            return encode_pictures(engine.system, pictures)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        engine.relief.free()
        middle = len(pictures) // 2
        return [*self(pictures[:middle]), *self(pictures[middle:])]


def encode_pictures(system: System, pictures: Sequence[Picture]) -> list[Features]:
    """Encode a batch of pictures and take it apart."""
    images = torch.cat([system.prepare(pixels, valid) for pixels, valid in pictures])
    together = system.encode(images)
    return [_one_of(together, number) for number in range(len(pictures))]


def _fill(engine: Engine, wanted: Mapping[EmbeddingKey, View], encode: Encode) -> None:
    pictures = [Picture(view.pixels(view.frame()), view.frame().valid) for view in wanted.values()]
    for key, features in zip(wanted, encode(pictures) if pictures else (), strict=True):
        engine.cache.put(key, features)


def _one_of(together: Features, number: int) -> Features:
    """The features of one of several images."""
    # Cloned, because a slice of a tensor keeps the memory of all of it.
    return {name: tensor[number : number + 1].clone() for name, tensor in together.items()}
