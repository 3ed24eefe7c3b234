"""One question to the model as a value, so that another thread can answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from napari_samunet.geometry import spacing_along
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.roi import Roi, look_at_mask
from napari_samunet.preprocess.slicing import take_finite
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import combine
from napari_samunet.session.settled import settled_around
from napari_samunet.session.state import PlaneState, State
from napari_samunet.types import BoolArray, FloatArray, SliceRef, Window

if TYPE_CHECKING:  # torch comes with it, and a session waits for torch until it predicts
    from napari_samunet.inference.prediction import Prediction
    from napari_samunet.inference.recall import Memory


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
        seen: Prediction | None = None,
    ) -> Prediction:
        """Answer prompts on one slice; ``seen`` is given where a glimpse was asked for."""
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
    generation
        Number of the step that asked; ``Session.apply`` drops answers to earlier ones.
    item, planes
        The object that the answer is for, and its planes, when it was asked: its other slices tell
        what first clicks mean.
    """

    volume: Volume
    ref: SliceRef
    prompts: Prompts
    window: Window | None
    previous: Prediction | None
    generation: int
    item: ObjectState
    planes: Mapping[SliceRef, PlaneState]

    @property
    def object_id(self) -> int:
        """Number of the object that the answer is for."""
        return self.item.id

    def answer(self, engine: Answerer) -> Prediction:
        """Ask the model; may run in any thread."""
        if not self._recalls:
            question = (self.volume, self.ref, self.prompts, self.window, self.previous)
            return engine.predict(*question, seen=self._seen.get(_model_of(engine)))
        from napari_samunet.inference.recall import recalled

        return recalled(self._ask(engine), self.prompts, self._memory)

    def glimpse(self, engine: Answerer) -> Prediction | None:
        """Ask for what can be shown before the answer; None where there is nothing."""
        if self.previous is not None:
            return None
        if self._recalls:
            from napari_samunet.inference.recall import carried

            known = carried(self._ask(engine), self.prompts, self._memory)
            if known is not None:
                return known
        look = getattr(engine, "glimpse", None)
        seen = None if look is None else look(self.volume, self.ref, self.prompts, self.window)
        if seen is not None:
            self._seen[_model_of(engine)] = seen
        return seen

    def region(self) -> Roi | None:
        """Return where the model looks at the object if it is clicked here, to be encoded before
        anybody clicks; None: other slices tell nothing about this one.
        """
        if not (self.settled and self._memory.is_near and self._memory.shape.any()):
            return None
        return look_at_mask(self._memory.shape.shape, self._memory.shape)

    @property
    def _recalls(self) -> bool:
        """Whether these are first clicks: a box or a mask says itself what is meant."""
        prompts = self.prompts
        alone = self.previous is None and prompts.box is None and prompts.mask is None
        return alone and any(prompts.labels) and bool(self.settled)

    @cached_property
    def settled(self) -> Mapping[int, BoolArray]:
        """Index to mask (H, W) of the object on the nearest settled slices before and after.

        Found where the model works, for cutting many slices across takes longer than a window
        may stand still.
        """
        return settled_around(self.item, self.planes, self.ref)

    @cached_property
    def _memory(self) -> Memory:
        from napari_samunet.inference.recall import Memory

        spacing = spacing_along(self.volume.spacing, self.ref.axis)
        return Memory(self.ref.index, self.settled, self._slice_at, spacing)

    def _slice_at(self, index: int) -> FloatArray:
        return take_finite(self.volume, SliceRef(self.ref.axis, index))

    @cached_property
    def _seen(self) -> dict[object, Prediction]:
        """The glimpse of these prompts by a model, which does not decode it again to answer."""
        return {}

    @cached_property
    def _expected(self) -> dict[object, Prediction]:
        """The answer of a model to the shape that other slices make one expect."""
        return {}

    def _ask(self, engine: Answerer) -> Callable[[Prompts], Prediction]:
        def ask(prompts: Prompts) -> Prediction:
            question = (self.volume, self.ref, prompts, self.window)
            if prompts.mask is None:
                return engine.predict(*question, seen=self._seen.get(_model_of(engine)))
            model = _model_of(engine)
            if model not in self._expected:
                self._expected[model] = engine.predict(*question)
            return self._expected[model]

        return ask


def _model_of(engine: Answerer) -> object:
    """What answers: a window changes the model, but not its engine."""
    return getattr(engine, "system", None) or engine


def make_request(volume: Volume, state: State, object_id: int, ref: SliceRef) -> Request:
    """Ask about a plane: with its painted mask where that is newer than the latest answer."""
    plane = state.plane((object_id, ref))
    return Request(
        volume=volume,
        ref=ref,
        prompts=combine(plane.prompts, plane.painted or plane.answer is None),
        window=plane.window,
        previous=plane.answer,
        generation=plane.generation,
        item=state.object(object_id),
        planes=state.planes_of(object_id),
    )
