"""What every action of a session rests on: one state, its history, the model, and who listens."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from napari_samunet.errors import InputError
from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.session import steps
from napari_samunet.session.checks import check_answer
from napari_samunet.session.history import History
from napari_samunet.session.journal import Journal, Kind
from napari_samunet.session.objects import ObjectState, SegmentObject
from napari_samunet.session.overlay import LabelImage
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.recollection import Recollection
from napari_samunet.session.request import Request, make_request
from napari_samunet.session.signals import SessionSignals
from napari_samunet.session.state import State, bytes_of, settled_bytes
from napari_samunet.session.story import Story, check_unused
from napari_samunet.session.tally import Tally
from napari_samunet.types import SliceRef, UInt16Array

if TYPE_CHECKING:
    from napari_samunet.models.system import System


class SessionCore(SessionSignals):
    """State, history and model of a session.

    Parameters
    ----------
    volume
        The image; a session belongs to one image, so nothing of another can leak into it.
    model
        A ``System``, an ``Engine`` or another ``Answerer``, a name in the model list, a path to a
        checkpoint, or None for the built-in model. What is not loaded yet is loaded when the first
        prediction needs it.

    Raises
    ------
    InputError
        ``volume`` is no ``Volume``.
    """

    def __init__(self, volume: Volume, model: System | Answerer | str | Path | None = None) -> None:
        if not isinstance(volume, Volume):
            raise InputError(
                f"A session needs a Volume, but a {type(volume).__name__} came; "
                "use open_volume(path) or Volume.from_array(array)."
            )
        self._volume = volume
        self._model = model
        self._engine = model if isinstance(model, Answerer) else None
        self._loading = Lock()
        self._state = State()
        self._history: History[State] = History(bytes_of, settled_bytes)
        self._label_image = LabelImage(volume.shape)
        self._journal: Journal | None = None
        self._tally = Tally()
        self._steps = 0
        self._recollection = Recollection()

    @property
    def volume(self) -> Volume:
        """The image."""
        return self._volume

    @property
    def engine(self) -> Answerer:
        """What answers prompts, loaded at the first call; any thread may ask for it."""
        with self._loading:
            if self._engine is None:
                self._engine = _load(self._model)
            return self._engine

    @property
    def labels(self) -> UInt16Array:
        """All accepted masks as numbers, (Z, Y, X) uint16; a read-only view that stays up to date.

        Where objects overlap, the one that was created later shows.
        """
        return self._label_image.view

    @property
    def objects(self) -> tuple[SegmentObject, ...]:
        """All objects in the order of creation, those without an accepted mask included."""
        return tuple(self._handle(item.id) for item in self._state.objects)

    @property
    def current(self) -> SegmentObject | None:
        """The object that prompts go to; None: the next prompt starts a new one."""
        return None if self._state.current is None else self._handle(self._state.current)

    @property
    def preview(self) -> Prediction | None:
        """The answer to the latest prompt of the current object, until it is accepted."""
        return self._state.shown

    @property
    def previews(self) -> dict[SliceRef, Prediction]:
        """All answers for the current object that are not accepted yet, by plane."""
        planes = self._state.planes_of(self._state.current)
        return {ref: plane.shown for ref, plane in planes.items() if plane.shown is not None}

    @property
    def unaccepted(self) -> dict[int, int]:
        """Ids of objects to the number of their slices with an answer, there or awaited, that is
        not accepted yet; labels and exports are without these slices.
        """
        planes = self._state.planes.items()
        return Counter(number for (number, _), plane in planes if plane.shown or plane.waiting)

    @property
    def prompts(self) -> tuple[PlacedPrompt, ...]:
        """Prompts of the current object that are not accepted yet, plane by plane."""
        return self._state.prompts

    @property
    def settled_prompts(self) -> tuple[PlacedPrompt, ...]:
        """Accepted prompts of the current object, on planes where nothing new was begun."""
        if self._state.current is None:
            return ()
        settled = self._state.settled_planes(self._state.current).values()
        return tuple(prompt for plane in settled for prompt in plane.prompts)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to make again."""
        return self._history.can_redo

    @property
    def undo_name(self) -> str:
        """What ``undo`` takes back, e.g. "accept"; an empty text where there is nothing."""
        return self._history.undo_name

    @property
    def redo_name(self) -> str:
        """What ``redo`` makes again; an empty text where there is nothing."""
        return self._history.redo_name

    def effort(self) -> str:
        """Return time, prompts and edits of every object as a CSV table; see ``tally``."""
        return self._tally.table({item.id: item.name for item in self._state.objects})

    def undo(self) -> bool:
        """Take the latest step back, with preview and feedback exactly as before it.

        Returns False where there is nothing to take back. 100 steps and more are kept.
        """
        if not self._history.can_undo:
            return False
        self._move_to(self._history.undo(self._state), "undo")
        self.history_changed.emit()
        return True

    def redo(self) -> bool:
        """Make the step again that was undone last; False where there is none."""
        if not self._history.can_redo:
            return False
        self._move_to(self._history.redo(self._state), "redo")
        self.history_changed.emit()
        return True

    def request(self) -> Request | None:
        """Return the question that waits for an answer, or None.

        For callers that placed prompts with ``predict=False``: answer it in any thread with
        ``request.answer(session.engine)`` and hand the answer to ``apply``.
        """
        object_id = self._state.current
        planes = self._state.planes_of(object_id)
        waiting = {ref: plane.generation for ref, plane in planes.items() if plane.waiting}
        if object_id is None or not waiting:
            return None
        return self._question(self._state, object_id, max(waiting, key=waiting.__getitem__))

    def apply(self, request: Request, prediction: Prediction) -> bool:
        """Show an answer; False (and nothing happens) where its prompts are not the latest, or of
        another image. What cannot be an answer there raises ``InputError``.
        """
        key = (request.object_id, request.ref)
        plane = self._state.planes.get(key) if request.volume is self._volume else None
        if plane is None or not plane.waiting or plane.generation != request.generation:
            return False
        check_answer(prediction, self._volume.shape, request.ref)
        self._move_to(steps.answered(self._state, key, prediction))
        return True

    def _handle(self, object_id: int) -> SegmentObject:
        return SegmentObject(object_id, self._object_state)

    def _object_state(self, object_id: int) -> ObjectState:
        return self._state.object(object_id)

    def _id_of(self, item: SegmentObject | int) -> int:
        number = item.id if isinstance(item, SegmentObject) else item
        if isinstance(item, SegmentObject) and item != self._handle(number):
            raise InputError("An object of this session was wanted, but this is of another one.")
        return self._state.object(number).id

    def _next_step(self) -> int:
        self._steps += 1
        return self._steps

    def _question(self, state: State, object_id: int, ref: SliceRef) -> Request:
        return make_request(self._volume, state, object_id, ref, self._recollection)

    def _answer_waiting(self, state: State) -> State:
        """Answer every waiting plane of the current object."""
        object_id = state.current
        if object_id is None:
            return state
        for ref, plane in state.planes_of(object_id).items():
            if plane.waiting:
                answer = self._question(state, object_id, ref).answer(self.engine)
                state = steps.answered(state, (object_id, ref), answer)
        return state

    def _commit(self, name: str, state: State) -> None:
        """Make a step that can be undone."""
        self._history.record(name, self._state)
        self._move_to(state, "step", name)
        self.history_changed.emit()

    def _move_to(self, state: State, kind: Kind = "move", name: str = "") -> None:
        """Take a state over and tell what differs from the one before."""
        before, self._state = self._state, state
        now = time.time()
        if kind != "move":
            self._tally.note(now, name or kind, before, state)
        if self._journal is not None:
            self._journal.record(kind, name, before, state, now)
        changed = self._label_image.follow(state.objects)
        if changed:
            self.labels_changed.emit(changed)
        if before.objects is not state.objects or before.current != state.current:
            self.objects_changed.emit()
        if before.prompts != state.prompts:
            self.prompts_changed.emit()
        if before.shown is not state.shown:
            self.preview_changed.emit(state.shown)

    def start_from(self, state: State) -> None:
        """Go on from a saved state, with nothing to undo; raises as ``take_up`` does."""
        check_unused(self._history)
        self._history = History(bytes_of, settled_bytes)
        self._steps = max((plane.generation for plane in state.planes.values()), default=0)
        self._move_to(state)
        self.history_changed.emit()

    def keep_journal(self, journal: Journal) -> None:
        """Write every step from now on into a journal; one that begins gets what is there first."""
        self._journal = journal
        if journal.path is None and self._state.objects:
            journal.record("move", "", State(), self._state, time.time())

    def take_up(self, story: Story, journal: Journal | None = None) -> None:
        """Go on where a journal ended, with all steps that can be undone; ``journal`` writes on.

        Raises ``InputError`` where something was done here already, which would be lost.
        """
        check_unused(self._history)
        self._history, self._steps = story.history, story.last_generation
        self._tally, self._journal = story.tally, None
        self._move_to(story.state)
        if journal is not None:
            journal.go_on(story.path, story.numbers, story.end)
        self._journal = journal
        if story.found is not None:
            self._commit("propagate", story.found)
        self.history_changed.emit()


def _load(model: object) -> Answerer:
    # They bring torch, which a session without a prediction does not need.
    from napari_samunet.inference.engine import open_engine
    from napari_samunet.models.load import load_model
    from napari_samunet.models.system import System

    if model is None or isinstance(model, str | Path):
        model = load_model("builtin" if model is None else model)
    if not isinstance(model, System):
        raise InputError(
            f"A session's model is a System, an Answerer, a name or a path, "
            f"but a {type(model).__name__} came."
        )
    return open_engine(model)
