"""What a session asks: the engine, or something that stands for one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_samunet import __version__
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.origin import Algorithm
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.roi import Roi
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, SliceRef, Window

if TYPE_CHECKING:  # torch comes with them, and a session waits for torch until it predicts
    from torch import Tensor

    from napari_samunet.embedding.levels import LayeredCache
    from napari_samunet.inference.discriminant import Discriminant
    from napari_samunet.models.system import System


class Answerer(ABC):
    """Answers prompts. Only `predict` is needed; what else an ``Engine`` can, others need not.

    Attributes
    ----------
    system : System or None
        The network that answers, where one is loaded.
    cache : LayeredCache or None
        Where embeddings are kept, if any are.
    """

    system: System | None = None
    cache: LayeredCache | None = None

    @property
    def algorithm(self) -> Algorithm:
        """What exports name of it: the network, or the class of what stands for one."""
        if self.system is None:
            return Algorithm(type(self).__name__, __version__)
        return Algorithm(self.system.name, __version__, self.system.model_hash)

    @abstractmethod
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
        """Answer prompts on one slice; parameters as of ``Engine.predict``."""

    def glimpse(
        self, volume: Volume, ref: SliceRef, prompts: Prompts, window: Window | None = None
    ) -> Prediction | None:
        """Answer with what can be shown before `predict` is done; None where that is nothing."""
        return None

    def embed(
        self, volume: Volume, ref: SliceRef, window: Window | None = None, roi: Roi | None = None
    ) -> Mapping[str, Tensor]:
        """Encode a slice, or a region of it, before it is asked for; return its features."""
        return {}

    def discriminant(
        self, volume: Volume, axis: int, window: Window | None, keys: Mapping[int, BoolArray]
    ) -> Discriminant | None:
        """Learn what an object is from masks (H, W) of slices along an axis; None: it cannot."""
        return None
