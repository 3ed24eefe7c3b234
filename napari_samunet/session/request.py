"""One question to the model as a value, so that another thread can answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.roi import Roi, look_at_mask
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.checks import check_answer
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plane import PlaneState
from napari_samunet.session.recollection import Known, Recollection, known_of, model_of
from napari_samunet.session.settled import settled_around
from napari_samunet.session.state import State
from napari_samunet.session.turns import Turn, in_turn, turn_of
from napari_samunet.types import BoolArray, SliceRef, Window


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
        what first clicks mean, and how it looks.
    painted
        What a person painted on the plane last, (H, W), which says what is meant better than other
        slices; None where nobody did.
    latest
        The latest prompt; a box or a lasso bounds the answer to correct, too.
    area
        What a lasso lets the answer fill, (H, W); None: everything.
    earlier
        What is asked first, each question correcting the answer to the one before, where there is
        no answer to correct any more.
    recollection
        Keeps what those slices tell.
    """

    volume: Volume
    ref: SliceRef
    prompts: Prompts
    window: Window | None
    previous: Prediction | None
    generation: int
    item: ObjectState
    planes: Mapping[SliceRef, PlaneState]
    painted: BoolArray | None
    latest: PlacedPrompt | None
    area: BoolArray | None
    earlier: tuple[Turn, ...]
    recollection: Recollection

    @property
    def object_id(self) -> int:
        """Number of the object that the answer is for."""
        return self.item.id

    def answer(self, engine: Answerer) -> Prediction:
        """Ask the model; may run in any thread.

        Raises
        ------
        InputError
            A model of somebody else's gave no mask of this plane.
        """
        previous = self.previous
        for turn in self.earlier:
            previous = self._at(turn, previous)._answered(engine)
        answer = self._at(Turn(self.prompts, self.latest, self.area), previous)._answered(engine)
        return replace(answer, model=engine.algorithm)

    def glimpse(self, engine: Answerer) -> Prediction | None:
        """Ask for what can be shown before the answer; None where there is nothing."""
        if self.previous is not None or self.earlier:
            return None
        if self._recalls:
            from napari_samunet.inference.recall import carried

            known = carried(self._ask(engine), self.prompts, self._known.neighbours)
            if known is not None:
                return replace(known, model=engine.algorithm)
        seen = engine.glimpse(self.volume, self.ref, self.prompts, self.window)
        if seen is None:
            return None
        seen = replace(seen, model=engine.algorithm)
        self._seen[model_of(engine)] = seen
        return self._enclosed(seen)

    def _at(self, turn: Turn, previous: Prediction | None) -> Request:
        """Return the question of a turn; itself where nothing is asked before it."""
        if not self.earlier:
            return self
        return replace(self, **turn._asdict(), previous=previous, earlier=())

    def _answered(self, engine: Answerer) -> Prediction:
        if not self._recalls:
            seen = self._seen.get(model_of(engine))
            answer = self._predicted(engine, self.prompts, self._corrected(), seen)
            if self.painted is None:
                answer = self._reconsidered(answer, engine)
            else:
                answer = self._kept(answer, self.painted)
            return self._enclosed(answer)
        from napari_samunet.inference.recall import recalled

        return recalled(self._ask(engine), self.prompts, self._known.neighbours)

    def region(self) -> Roi | None:
        """Return where the model looks at the object if it is clicked here, to be encoded before
        anybody clicks; None: other slices tell nothing about this one.
        """
        if not self.settled:
            return None
        # Not kept: slices beside the shown one are foreseen between two prompts on that.
        neighbours = known_of(self.volume, self.ref, self.settled).neighbours
        if not (neighbours.is_near and neighbours.shape.any()):
            return None
        return look_at_mask(neighbours.shape.shape, neighbours.shape)

    def _corrected(self) -> Prediction | None:
        """The answer to correct; what of it lies in a box or lasso that was drawn since."""
        latest = self.latest
        if self.previous is None or latest is None or latest.box is None:
            return self.previous
        from napari_samunet.inference.bounded import area_of, bounded

        area = latest.mask  # of a lasso
        if area is None:
            area = area_of(latest.box, self.previous.frame.shape)
        return bounded(self.previous, area)

    def _enclosed(self, answer: Prediction) -> Prediction:
        """What of an answer lies in the lasso: the model is asked with its box and its middle."""
        if self.area is None:
            return answer
        from napari_samunet.inference.bounded import all_bounded

        return all_bounded(answer, self.area)

    def _kept(self, answer: Prediction, painted: BoolArray) -> Prediction:
        """Keep of a hand's work what the latest clicks do not ask to change; a box asks for all."""
        latest, newer = self.latest, self.prompts.mask is not None
        if latest is None or latest.box is not None:
            return answer
        from napari_samunet.inference.correction import corrected_there

        if latest.kind == "mask" and newer:  # what came after it is taken away
            return painted_prediction(painted)
        before = painted_prediction(painted) if newer else self.previous
        if before is None:
            return answer
        return corrected_there(answer, before, latest.points, latest.positive)

    def _reconsidered(self, answer: Prediction, engine: Answerer) -> Prediction:
        """Weigh an answer with how the object looks on settled slices."""
        if not self.settled:
            return answer
        features = self._known.features(engine, self.window, answer.frame)
        if features is None:
            return answer
        from napari_samunet.inference.recall import reconsidered

        return reconsidered(answer, self.prompts, self._known.neighbours, features)

    @property
    def _recalls(self) -> bool:
        """Whether these are first clicks: a box or a mask says itself what is meant."""
        prompts = self.prompts
        alone = self.previous is None and prompts.box is None and prompts.mask is None
        return alone and any(prompts.labels) and bool(self.settled)

    @cached_property
    def settled(self) -> Mapping[int, BoolArray]:
        """Index to mask (H, W) of the object on the nearest settled slices before and after."""
        return settled_around(self.item, self.planes, self.ref)

    @cached_property
    def _known(self) -> Known:
        return self.recollection(self.volume, self.ref, self.settled)

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
            model = model_of(engine)
            if prompts.mask is None:
                return self._predicted(engine, prompts, seen=self._seen.get(model))
            if model not in self._expected:
                self._expected[model] = self._predicted(engine, prompts)
            return self._expected[model]

        return ask

    def _predicted(
        self,
        engine: Answerer,
        prompts: Prompts,
        previous: Prediction | None = None,
        seen: Prediction | None = None,
    ) -> Prediction:
        question = (self.volume, self.ref, prompts, self.window, previous)
        answer = engine.predict(*question, seen=seen)
        check_answer(answer, self.volume.shape, self.ref)
        return answer


def make_request(
    volume: Volume, state: State, object_id: int, ref: SliceRef, recollection: Recollection
) -> Request:
    """Ask about a plane: with its painted mask where that is newer than the latest answer."""
    plane = state.plane((object_id, ref))
    placed = plane.prompts
    asked = turn_of(placed, plane.painted)
    *earlier, asked = in_turn(placed) if plane.answer is None else (asked,)
    return Request(
        volume=volume,
        ref=ref,
        prompts=asked.prompts,
        window=plane.window,
        previous=plane.answer,
        generation=plane.generation,
        item=state.object(object_id),
        planes=state.planes_of(object_id),
        painted=next((one.mask for one in reversed(placed) if one.kind == "mask"), None),
        latest=asked.latest,
        area=asked.area,
        earlier=tuple(earlier),
        recollection=recollection,
    )
