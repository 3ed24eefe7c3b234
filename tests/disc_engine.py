"""A stand-in for the model that answers at once and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from napari_samunet.geometry import plane_shape
from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.prediction import Candidate, Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.frame import Frame
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef, Window

RADIUS = 4
SHAPE = (6, 40, 50)


@dataclass(frozen=True)
class Asked:
    """One question that came to the engine."""

    ref: SliceRef
    prompts: Prompts
    window: Window | None
    previous: Prediction | None


class DiscEngine(Answerer):
    """Discs around positive clicks, the box and the painted mask, less discs around negatives."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.gone: set[int] = set()
        self.error: Exception | None = None

    def predict(
        self,
        volume: Volume,
        ref: SliceRef,
        prompts: Prompts,
        window: Window | None = None,
        previous: Prediction | None = None,
        bridge: bool = True,
        seen: Prediction | None = None,
    ) -> Prediction:
        self.asked.append(Asked(ref, prompts, window, previous))
        if self.error is not None:
            raise self.error
        shape = plane_shape(volume.shape, ref.axis)
        mask = np.zeros(shape, bool)
        if ref.index not in self.gone:
            mask = _answer(shape, prompts, previous)
        logits = np.where(mask, 5.0, -5.0).astype(np.float32)
        frame = Frame(shape, 64)
        model_logits = torch.from_numpy(frame.logits_to_model(logits, 64))
        packed = PackedMask.of(mask)
        return Prediction((Candidate(packed, 0.9, model_logits, frame, own_logits=logits),))


def _answer(shape: tuple[int, int], prompts: Prompts, previous: Prediction | None) -> np.ndarray:
    mask = np.zeros(shape, bool)
    if previous is not None and prompts.mask is None:
        mask |= previous.mask
    if prompts.mask is not None:
        mask |= prompts.mask
    elif prompts.box is not None:
        row0, col0, row1, col1 = (round(value) for value in prompts.box)
        mask[row0 : row1 + 1, col0 : col1 + 1] = True
    rows, columns = np.indices(shape)
    for positive in (1, 0):
        for row, column in prompts.points[prompts.labels == positive]:
            mask[np.hypot(rows - row, columns - column) <= RADIUS] = bool(positive)
    return mask


def square(shape: tuple[int, int], row: int, column: int, side: int = 6) -> np.ndarray:
    """Return a mask with one square in it."""
    mask = np.zeros(shape, bool)
    mask[row : row + side, column : column + side] = True
    return mask


def make_volume() -> Volume:
    """Return a small CT of noise."""
    values = np.random.default_rng(5).normal(40, 10, SHAPE).astype(np.float32)
    return Volume.from_array(values, spacing=(3, 1, 1), modality="CT")


def make_session() -> Session:
    """Return a session of its own, for tests that need many."""
    return Session(make_volume(), DiscEngine())
