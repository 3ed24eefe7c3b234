"""What settled slices tell of a slice, kept from one prompt to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_samunet.geometry import spacing_along
from napari_samunet.inference.answerer import Answerer
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.slicing import take_finite
from napari_samunet.types import BoolArray, FloatArray, SliceRef, Window

if TYPE_CHECKING:  # torch comes with it, and a session waits for torch until it predicts
    from napari_samunet.inference.discriminant import Discriminant
    from napari_samunet.inference.recall import Neighbours


@dataclass(frozen=True, eq=False)
class Known:
    """What an object is on the settled slices around one slice, and how it looks there.

    Attributes
    ----------
    volume, ref
        The slice of which image.
    settled
        Index to mask (H, W), not empty.
    neighbours
        Shape and grey values.
    """

    volume: Volume
    ref: SliceRef
    settled: Mapping[int, BoolArray]
    neighbours: Neighbours
    _learnt: dict[object, Discriminant | None] = field(default_factory=dict)
    _features: dict[object, FloatArray] = field(default_factory=dict)

    def features(
        self, engine: Answerer, window: Window | None, frame: Frame
    ) -> FloatArray | float | None:
        """Return log-odds (H, W) by the encoder's features, or 0 where they tell nothing; None of
        an engine that learns none.
        """
        key = (model_of(engine), window)
        if key not in self._learnt:
            about = (self.volume, self.ref.axis, window, self.settled)
            self._learnt[key] = engine.discriminant(*about)
        learnt = self._learnt[key]
        if learnt is None:
            return None
        if not self.neighbours.tells_features:
            return 0.0
        if (key, frame) not in self._features:
            self._features[key, frame] = learnt.log_odds(self.ref.index, frame)
        return self._features[key, frame]


class Recollection:
    """Keeps what is known for the slice that was asked last: a correction follows a click."""

    def __init__(self) -> None:
        self._latest: tuple[object, Known] | None = None

    def __call__(self, volume: Volume, ref: SliceRef, settled: Mapping[int, BoolArray]) -> Known:
        """Return what is known, anew where another slice is asked or other masks are settled."""
        key = (ref, tuple((index, mask.tobytes()) for index, mask in settled.items()))
        latest = self._latest  # several threads may ask
        if latest is None or latest[0] != key:
            latest = self._latest = (key, known_of(volume, ref, settled))
        return latest[1]


def model_of(engine: Answerer) -> object:
    """What answers: a window changes the model, but not its engine."""
    return engine.system or engine


def known_of(volume: Volume, ref: SliceRef, settled: Mapping[int, BoolArray]) -> Known:
    """Return what is known, without keeping it."""
    from napari_samunet.inference.recall import Neighbours

    def slice_at(index: int) -> FloatArray:
        return take_finite(volume, SliceRef(ref.axis, index))

    neighbours = Neighbours(ref.index, settled, slice_at, spacing_along(volume.spacing, ref.axis))
    return Known(volume, ref, settled, neighbours)
