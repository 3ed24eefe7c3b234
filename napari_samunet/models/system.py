"""A loaded network with its input contract.

An image becomes features (slow, once); prompts become masks (fast, often).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_samunet.errors import InputError
from napari_samunet.models.contract import InputContract
from napari_samunet.models.encoder import Encoder, Features, TorchEncoder
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.promptable import Decoder, Promptable
from napari_samunet.models.score_map import calibrated, kind_of


@dataclass(frozen=True, eq=False)
class MaskTensors:
    """Candidates for one set of prompts, best first.

    Attributes
    ----------
    logits
        (K, h, w) float32, > 0 inside.
    scores
        (K,) float32, the IoU that the network predicts, made honest where its contract knows how;
        None where it predicts none.
    """

    logits: Tensor
    scores: Tensor | None


class System:
    """A network ready to answer, with everything that a caller has to know about it.

    Parameters
    ----------
    name
        The system's name in the model list, e.g. ``"builtin"`` or ``"sam-med2d"``.
    contract
        How it wants images and prompts.
    module
        Network with ``encode(image) -> dict`` and ``decode(features, prompts)`` -> (logits
        (B, K, h, w), scores (B, K) or None), K = 4 where the contract knows candidates: first the
        mask for clear prompts, then the three of a single click.
    model_hash
        Hexadecimal digest of the weights; two systems with equal hashes give equal embeddings.
    device
        Where it runs.
    source
        The file that it came from, or an empty text.
    note
        How the system was chosen where its files look like those of another; for the status line.
    others
        Names of the other systems that the same file may belong to.
    quicken
        Makes the twin of ``module`` that answers in its place, at the first need; None: none is.
    precision
        Kind of numbers that the encoder computes in on an accelerator, see ``TorchEncoder``.
    notice
        What became of the wish for another device, for the person; told with the first answer.
    """

    def __init__(
        self,
        name: str,
        contract: InputContract,
        module: nn.Module,
        model_hash: str,
        device: torch.device | str = "cpu",
        source: str = "",
        note: str = "",
        others: tuple[str, ...] = (),
        quicken: Callable[[nn.Module], nn.Module] | None = None,
        precision: str = "float32",
        notice: str = "",
    ) -> None:
        self.name = name
        self.contract = contract
        self.device = torch.device(device)
        self.module = module.to(self.device).eval().requires_grad_(False)
        self.model_hash = model_hash
        self.source = source
        self.note = note
        self.others = others
        self.notice = notice
        self._quicken = quicken
        self._wanted_precision = precision

    def __repr__(self) -> str:
        return f"System({self.name!r}, side={self.contract.side}, device={str(self.device)!r})"

    def prepare(
        self,
        image_model: NDArray[np.generic],
        valid: tuple[int, int] | NDArray[np.bool_] | None = None,
    ) -> Tensor:
        """Normalise an image that already lies in the model frame.

        Parameters
        ----------
        image_model
            (S, S) grey or (S, S, 3) RGB, 0–255, uint8 or float.
        valid
            What is image and not padding: its (rows, cols) from the top left, or an (S, S) bool
            array; None: all of it. Padding is 0 after normalisation, as the published systems have
            it.

        Returns
        -------
        Tensor
            (1, C, S, S) float32 on the system's device.

        Raises
        ------
        InputError
            The image is not of the model's side.
        """
        contract = self.contract
        image = torch.as_tensor(np.ascontiguousarray(image_model)).to(torch.float32)
        side = (contract.side, contract.side)
        if image.shape not in (side, (*side, 3)):
            raise InputError(
                f"{self.name} takes images of {side} or {(*side, 3)}, but "
                f"{tuple(image.shape)} came; bring the slice into the model frame first."
            )
        inside = _inside(valid, contract.side)
        chw = _match_channels(image, contract.channels)
        chw = _normalise(chw, contract, inside) * inside
        return chw[None].to(self.device)

    @property
    def precision(self) -> str:
        """What encodes: an engine and its kind of numbers. Each has embeddings of its own."""
        return self.encoder.precision

    @cached_property
    def encoder(self) -> Encoder:
        """What encodes; another engine may be put in its place."""
        return TorchEncoder(self.network, self._wanted_precision, self.device)

    @cached_property
    def decoder(self) -> Decoder:
        """What answers prompts; another engine may be put in its place."""
        return self.network

    def encode(self, image: Tensor) -> Features:
        """Encode normalised images (B, C, S, S) into features (B, …) that no prompt changes."""
        return self.encoder.encode(image.to(self.device))

    def move(self, device: torch.device | str) -> None:
        """Answer on another device from now on, with torch itself in single precision."""
        for made in ("network", "encoder", "decoder"):
            self.__dict__.pop(made, None)
        self.device, self._wanted_precision = torch.device(device), "float32"
        self.module.to(self.device)

    @torch.inference_mode()
    def decode(self, features: Mapping[str, Tensor], prompts: PromptTensors) -> MaskTensors:
        """Answer one set of prompts on the features of one image (B = 1), best mask first."""
        if prompts.mask_logits is not None and self.contract.feedback == "sigmoid":
            prompts = replace(prompts, mask_logits=prompts.mask_logits.sigmoid())
        prompts = replace(prompts, first_only=self._takes_first(prompts))
        logits, scores = self.decoder.decode(features, prompts.to(self.device))
        if scores is not None:
            scores = self._calibrated(scores[0].float(), prompts)
        return self._choose(logits[0].float(), scores, prompts)

    def _calibrated(self, scores: Tensor, prompts: PromptTensors) -> Tensor:
        kind = kind_of(prompts.box_xyxy is not None, prompts.clicks, prompts.is_drawn)
        return calibrated(scores, self.contract.score_map, kind)

    @cached_property
    def network(self) -> Promptable:
        """The twin of ``module`` that answers in its place, or ``module`` itself."""
        network = self.module if self._quicken is None else self._quicken(self.module)
        return cast("Promptable", network)

    def _choose(self, logits: Tensor, scores: Tensor | None, prompts: PromptTensors) -> MaskTensors:
        if scores is None or prompts.first_only:
            return MaskTensors(logits[:1], None if scores is None else scores[:1])
        order = scores[1:].argsort(descending=True) + 1
        return MaskTensors(logits[order], scores[order])

    def _takes_first(self, prompts: PromptTensors) -> bool:
        rule = self.contract.candidates
        return rule == "single" or (rule == "one-click" and not prompts.is_one_click)


def _inside(valid: tuple[int, int] | NDArray[np.bool_] | None, side: int) -> Tensor:
    """Where the frame shows the slice, (S, S) bool."""
    if isinstance(valid, np.ndarray):
        return torch.as_tensor(valid, dtype=torch.bool)
    inside = torch.ones(side, side, dtype=torch.bool)
    if valid is not None:
        rows, cols = valid
        inside[rows:] = False
        inside[:, cols:] = False
    return inside


def _match_channels(image: Tensor, channels: int) -> Tensor:
    """(S, S) or (S, S, 3) → (channels, S, S); colour becomes grey by ITU-R 601 luma."""
    if image.ndim == 2:
        return image.expand(channels, *image.shape)
    if channels == 3:
        return image.permute(2, 0, 1)
    return (image @ image.new_tensor([0.299, 0.587, 0.114]))[None]


def _normalise(chw: Tensor, contract: InputContract, inside: Tensor) -> Tensor:
    if contract.scale == "0-1":
        chw = chw / 255
    elif contract.scale == "min-max" and inside.any():
        shown = chw[:, inside]
        low, high = shown.min(), shown.max()
        chw = (chw - low) / (high - low).clamp(min=1e-8)
    mean = chw.new_tensor(contract.mean).view(-1, 1, 1)
    return (chw - mean) / chw.new_tensor(contract.std).view(-1, 1, 1)
