"""One question to the model as a value, so that another thread can answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_samunet.io.volume import Volume
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.placed import combine
from napari_samunet.session.state import PlaneState
from napari_samunet.types import SliceRef, Window

if TYPE_CHECKING:  # torch comes with it, and a session waits for torch until it predicts
    from napari_samunet.inference.prediction import Prediction


class Answerer(Protocol):
    """What answers prompts: an ``Engine``, or something that stands for one."""

    def predict(
        self,
        volume: Volume,
        ref: SliceRef,
        prompts: Prompts,
        window: Window | None = None,
        previous: Prediction | None = None,
        bridge: bool = True,
    ) -> Prediction:
        """Answer prompts on one slice."""
        ...


@dataclass(frozen=True, eq=False)
class Request:
    """The latest prompts of one object on one plane.

    Attributes
    ----------
    volume, ref
        The image and the plane of it.
    prompts
        All prompts of the object there.
    window
        (low, high) to show the slice with, or None for the default.
    previous
        The answer to correct: of the same object, plane and window; None starts afresh.
    object_id
        The object that the answer is for.
    generation
        Number of the step that asked; ``Session.apply`` drops answers to earlier ones.
    """

    volume: Volume
    ref: SliceRef
    prompts: Prompts
    window: Window | None
    previous: Prediction | None
    object_id: int
    generation: int

    def answer(self, engine: Answerer) -> Prediction:
        """Ask the model; may run in any thread."""
        return engine.predict(self.volume, self.ref, self.prompts, self.window, self.previous)


def make_request(volume: Volume, object_id: int, ref: SliceRef, plane: PlaneState) -> Request:
    """Ask about a plane: with its painted mask where that is newer than the latest answer."""
    with_mask = plane.painted or plane.answer is None
    return Request(
        volume=volume,
        ref=ref,
        prompts=combine(plane.prompts, with_mask),
        window=plane.window,
        previous=plane.answer,
        object_id=object_id,
        generation=plane.generation,
    )
