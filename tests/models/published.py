"""What the published code answers with rule-made weights, and what our networks answer exactly."""

from __future__ import annotations

import copy
import json
import runpy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from segment_anything.modeling.prompt_encoder import PositionEmbeddingRandom
from torch import Tensor, nn

from napari_samunet import Prompts, Session, Volume
from napari_samunet.embedding.levels import LayeredCache
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.prediction import Prediction
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.system import Features, System

SHOWN = (0.0, 255.0)
"""The window that shows a picture of 0-255 as it is."""
Arrays = dict[str, np.ndarray]
Answer = tuple[Tensor, Tensor | None]


def rule_made(folder: Path, name: str) -> dict[str, Tensor]:
    """State dict of a published system, every value computed from its tensor's name."""
    rule = runpy.run_path(str(folder / "weights_by_rule.py"))["tensor"]
    table = json.loads((folder / f"{name}.json").read_text())
    made = {key: rule(key, shape, dtype) for key, shape, dtype in table}
    return {key: torch.from_numpy(value) for key, value in made.items() if value is not None}


def reference_of(folder: Path, name: str) -> Arrays:
    """Inputs, prompts and answers of a published system's own code."""
    with np.load(folder / f"{name}.npz") as arrays:
        return dict(arrays)


def relative(ours: Tensor | np.ndarray, theirs: Tensor | np.ndarray) -> float:
    """‖ours − theirs‖ / ‖theirs‖, as the references define it."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def volume_of(picture: np.ndarray) -> Volume:
    """A picture (H, W) or (H, W, 3) as a volume of one slice."""
    if picture.ndim == 2:
        return Volume.from_array(picture)
    luma = (picture @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return Volume(luma[None], np.eye(4), color=picture[None])


def prompts_of(answer: Arrays, kind: str) -> Prompts:
    """The prompts of a published answer, (row, column) on the picture."""
    count = {"box": 0, "one_point": 1}.get(kind, len(answer["point_labels"]))
    x0, y0, x1, y1 = answer["box"].ravel().tolist()
    return Prompts(
        answer["point_coords"][:count, ::-1],
        answer["point_labels"][:count],
        (y0, x0, y1, x1) if "box" in kind else None,
    )


def ask(session: Session, prompts: Prompts, previous: Prediction | None = None) -> Prediction:
    """One question to a picture, without a bridge."""
    return session.predict(prompts, index=0, window=SHOWN, previous=previous, bridge=False)


def ask_on(session: Session, *steps: Prompts) -> Prediction:
    """The answer to the last of some prompts, each of which corrects the answer to the one before.

    Raises
    ------
    ValueError
        No prompts came.
    """
    answer = None
    for prompts in steps:
        answer = ask(session, prompts, answer)
    if answer is None:
        raise ValueError("At least one step is wanted, but none came.")
    return answer


def stored_part(logits: Tensor, stored: np.ndarray) -> Tensor:
    """The rows and columns that a reference file keeps of (h, w) logits."""
    step = logits.shape[-1] // stored.shape[-1]
    return logits[::step, ::step]


class Exact(nn.Module):
    """A network that computes in float64, where rounding is out of the way.

    Position codes stay in float32, as the published code has them in whatever precision. Features
    that come in float32 are taken as they are.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).double()
        for part in self.network.modules():
            if isinstance(part, PositionEmbeddingRandom):
                part.float()

    def encode(self, image: Tensor) -> Features:
        """As the network, from an image of any precision."""
        return self.network.encode(image.double())

    def decode(self, features: Mapping[str, Tensor], prompts: PromptTensors) -> Answer:
        """As the network, from a mask of any precision."""
        mask = None if prompts.mask_logits is None else prompts.mask_logits.double()
        wide = {name: value.double() for name, value in features.items()}
        return self.network.decode(wide, replace(prompts, mask_logits=mask))


class Shaken(Exact):
    """An exact network whose features have been rounded: each number moved by about ``share``."""

    def __init__(self, exact: Exact, seed: int, share: float = 1e-6) -> None:
        nn.Module.__init__(self)
        self.network, self.seed, self.share = exact.network, seed, share

    def decode(self, features: Mapping[str, Tensor], prompts: PromptTensors) -> Answer:
        """As the network, from shaken features."""
        generator = torch.Generator().manual_seed(self.seed)
        shaken = {
            name: value * (1 + self.share * torch.randn(value.shape, generator=generator))
            for name, value in features.items()
        }
        return super().decode(shaken, prompts)


class Witness:
    """Answers a picture in float64, and says how far rounding moves such an answer.

    Float32 rounds the features of these networks by 5e-7 to 8e-7, and their rule-made decoders
    magnify that, so that no float32 answer, the published one included, need be nearer to the exact
    one than ``noise`` tells.

    Parameters
    ----------
    session
        What answers in float32.
    encoder
        Whether the image is encoded in float64 as well, or the session's features are taken.
    """

    def __init__(self, session: Session, encoder: bool = True) -> None:
        engine = session.engine
        system = engine.system
        name = "exact" if encoder else system.model_hash
        cache = LayeredCache() if encoder else engine.cache
        exact = Exact(system.module)
        self._exact, *self._shaken = (
            Session(session.volume, Engine(System(system.name, system.contract, net, name), cache))
            for net in (exact, *(Shaken(exact, seed) for seed in range(3)))
        )

    def answer(self, *steps: Prompts) -> Prediction:
        """The answer to the last of some prompts without rounding; see ``ask_on``."""
        return ask_on(self._exact, *steps)

    def noise(self, *steps: Prompts) -> float:
        """How far rounded features move that answer's logits, relative; the worst of three."""
        exact = self.answer(*steps).model_logits
        shaken = (ask_on(session, *steps).model_logits for session in self._shaken)
        return max(relative(logits, exact) for logits in shaken)
