"""One slice as one system sees it: shown through a window, encoded on demand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from napari_samunet.embedding.key import EmbeddingKey, content_digest
from napari_samunet.geometry import plane_shape
from napari_samunet.inference.postprocess import assemble
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.system import MaskTensors
from napari_samunet.preprocess.frame import OUTSIDE, Frame
from napari_samunet.preprocess.intensity import shown_window, to_uint8
from napari_samunet.preprocess.roi import Roi
from napari_samunet.preprocess.slicing import take_colour, take_slice
from napari_samunet.prompts.encode import to_xy
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import AnyArray, SliceRef, UInt8Array, Window

if TYPE_CHECKING:
    from napari_samunet.inference.engine import Engine


class View:
    """One slice as one system sees it: shown through a window, encoded on demand.

    Parameters
    ----------
    engine
        Whose system encodes, and whose cache keeps.
    volume, ref
        The image and the plane of it.
    window
        (low, high) that the slice is shown with; None: see ``choose_window``.
    """

    def __init__(
        self, engine: Engine, volume: Volume, ref: SliceRef, window: Window | None
    ) -> None:
        self.system, self.cache, self.relief = engine.system, engine.cache, engine.relief
        self.ref = ref
        self.slice_yx = take_slice(volume.array, ref)
        self.shape = plane_shape(volume.shape, ref.axis)
        colour = take_colour(volume, ref) if self.system.contract.channels == 3 else None
        self.colour = colour
        self.window = shown_window(volume, engine.window_of(volume, window))
        self._content: str | None = None

    def frame(self, roi: Roi | None = None) -> Frame:
        """How the slice, or a region of it, lies in the model frame."""
        contract = self.system.contract
        return Frame(self.shape, contract.side, contract.fit, contract.resample, roi)

    def features(self, frame: Frame) -> Mapping[str, Tensor]:
        """Features of the slice or a region of it; encoded only where no cache holds them."""
        return self.relief(lambda: self._features(frame))

    def _features(self, frame: Frame) -> Mapping[str, Tensor]:
        key = self.key(frame)
        features = self.cache.get(key)
        if features is None:
            features = self.cache.put(key, self.system.encode(self.prepared(frame)))
        return features

    def key(self, frame: Frame) -> EmbeddingKey:
        """What tells the features of a frame from all others."""
        if self._content is None:
            self._content = content_digest(self.slice_yx if self.colour is None else self.colour)
        window = self.window if self.colour is None else None
        system = self.system
        return EmbeddingKey(
            self._content, window, frame.roi, system.model_hash, system.precision, self.ref.axis
        )

    def prepared(self, frame: Frame) -> Tensor:
        """The image (1, C, S, S) that the network encodes."""
        return self.system.prepare(self.pixels(frame), frame.valid)

    def pixels(self, frame: Frame) -> AnyArray:
        """The slice or a region of it in the model frame, 0–255: (S, S) or (S, S, 3)."""
        return frame.image_to_model(self.grey if self.colour is None else self.colour)

    def answer(
        self, frame: Frame, prompts: Prompts, previous: Prediction | None, note: str = ""
    ) -> Prediction:
        masks = self.decode(frame, prompts, previous)
        return assemble(masks, frame, self.system.contract, note)

    def decode(self, frame: Frame, prompts: Prompts, previous: Prediction | None) -> MaskTensors:
        box = None if prompts.box is None else to_xy(frame.box_to_model(prompts.box))
        tensors = PromptTensors.of(
            to_xy(frame.points_to_model(prompts.points)),
            np.array(prompts.labels),  # torch warns of what is read-only
            box,
            self._fed_back(frame, prompts, previous),
            is_drawn=prompts.mask is not None,
        )
        return self.relief(lambda: self.system.decode(self.features(frame), tensors))

    def _fed_back(
        self, frame: Frame, prompts: Prompts, previous: Prediction | None
    ) -> Tensor | None:
        """Logits for the mask input: the earlier answer's, or the painted mask's where newer.

        Those of another region, of another system or of a hand come by way of the slice.
        """
        side = self.system.contract.mask_side
        if not side:
            return None
        if prompts.mask is not None:
            return torch.from_numpy(frame.mask_to_model(prompts.mask, side))[None]
        if previous is None:
            return None
        if previous.frame == frame and previous.model_logits.shape[-1] == side:
            logits = previous.model_logits
            return (logits.clamp(OUTSIDE, -OUTSIDE) if self.system.contract.zoom else logits)[None]
        return torch.from_numpy(frame.logits_to_model(previous.logits, side))[None]

    @cached_property
    def grey(self) -> UInt8Array:
        """The slice as its window shows it, 0–255: (H, W)."""
        return to_uint8(self.slice_yx, self.window)
