"""A session: one image, its objects, and every action of the person who segments them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.volume import Volume
from napari_samunet.session import steps
from napari_samunet.session.checks import check_unlocked, label_array, object_name, plane_of
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.overlay import changed_slices
from napari_samunet.session.plan import Carried, PropagationPlan, make_plan, make_plan_around
from napari_samunet.session.repaint import repainted
from napari_samunet.session.reshaping import ReshapingSession
from napari_samunet.session.sharing import SharingSession
from napari_samunet.session.shelf import Shelf
from napari_samunet.session.state import Overlap, State
from napari_samunet.session.store import image_of, load_state, save_state
from napari_samunet.session.story import is_journal, read_story
from napari_samunet.session.suggesting import SuggestingSession
from napari_samunet.session.takeover import take_over
from napari_samunet.types import SliceRef

if TYPE_CHECKING:  # torch comes with these, and a session waits for torch until it predicts
    from napari_samunet.models.system import System


class Session(ReshapingSession, SuggestingSession, SharingSession):
    """Segment objects of one image with clicks, boxes, scribbles and paint.

    Prompts go to the current object and their answer into ``preview``; ``accept`` writes it into
    the object's mask and into ``labels``, and the next prompt starts a new object. An answer is fed
    back to the model only while object, plane and window stay the same.

    ``axis`` and ``index`` name a plane of ``volume.array``: axis 0 shows (Y, X), axis 1 (Z, X),
    axis 2 (Z, Y). Coordinates are (row, column) of that plane, pixel centres at whole numbers.

    Its actions stand in these files, and what they make of a state in ``steps``, ``regroup``,
    ``repaint`` and ``takeover``:

    - here: propagate, doubts, labels that are handed in or painted over, save and resume
    - ``prompting``: points, boxes, scribbles, paint, candidates, discard, accept
    - ``reshaping``: the lasso, moving prompts, thinking of them
    - ``grouping``: new objects, selecting, naming, locking, deleting, merge, split, fill holes
    - ``suggesting``: proposals of the model
    - ``sharing``: masks from files and into files
    - ``core``: what a session shows of itself, undo and redo, requests and their answers, journal
    - ``signals``: what it tells whoever listens

    Parameters
    ----------
    volume, model
        See ``SessionCore``.
    """

    def propagate(
        self,
        first: int,
        last: int,
        axis: int | None = None,
        progress: Callable[[int], bool | None] | None = None,
    ) -> tuple[int, ...]:
        """Carry the object on to the slices ``first`` to ``last`` from those that you settled.

        An object in preview gets more previews; one that was accepted last, or selected, gets them
        into its mask and the labels at once. It stops where the object vanishes.

        Parameters
        ----------
        first, last
            Range of slices, both ends included.
        axis
            Of the slices; None: that of the latest prompt.
        progress
            Told every answered index; returning False stops, and what was found is kept.

        Returns
        -------
        tuple of int
            Indices of the slices that were found; none where the object was changed meanwhile,
            which leaves all as it is.

        Raises
        ------
        OutsideImage, EmptyPrompt
            The range leaves the volume; there is no object to carry on.
        """
        plan = self.plan_propagation(first, last, axis)
        tell = None if progress is None else lambda ref, _answer: progress(ref.index)
        found = plan.run(self.engine, tell)
        if not self.apply_propagation(plan, found):
            return ()
        return tuple(sorted(ref.index for ref in found.answers))

    def plan_propagation(self, first: int, last: int, axis: int | None = None) -> PropagationPlan:
        """Return what ``propagate`` would do as a value, for another thread to run."""
        return make_plan(self.volume, self._state, first, last, axis)

    def plan_around(self, index: int, axis: int = 0) -> PropagationPlan:
        """Return what a corrected slice makes necessary: only its neighbourhood is done again.

        Raises
        ------
        EmptyPrompt
            The slice is not settled, or there is nothing beside it.
        """
        return make_plan_around(self.volume, self._state, plane_of(self.volume.shape, index, axis))

    def apply_propagation(
        self,
        plan: PropagationPlan,
        found: Carried,
        as_preview: bool = False,
    ) -> bool:
        """Take over what a plan found; False where its object has changed or gone since.

        ``as_preview`` leaves an accepted object as it is until the answers are accepted too.
        """
        if not plan.fits(self._state):
            return False
        before, step = self._state.object(plan.object_id), self._next_step()
        state = steps.propagated(
            self._state, plan.object_id, found, plan.window, step, self.overlap, as_preview
        )
        self._commit("propagate", state)
        self._tell_overlaps(before)
        return True

    def note_found(self, plan: PropagationPlan, answers: Mapping[SliceRef, Prediction]) -> None:
        """Have the journal keep what a plan that still runs has found so far.

        It shows as previews, a step that can be undone, where a session is taken up that ended in
        the middle of it.
        """
        if self._journal is None or not plan.fits(self._state):
            return
        state, generation = self._state, self._steps + 1
        found = Carried(plan.axis, dict(answers), gone=frozenset(), lost=frozenset())

        def after() -> State:
            return steps.propagated(
                state, plan.object_id, found, plan.window, generation, as_preview=True
            )

        self._journal.note_found(state, after)

    def forget_found(self) -> None:
        """Have the journal keep nothing of what a plan that still runs has found."""
        if self._journal is not None:
            self._journal.record("move", "", self._state, self._state, time.time())

    @property
    def doubts(self) -> tuple[SliceRef, ...]:
        """Planes of the current object that nobody prompted and of which the model was not sure."""
        state = self._state
        if state.current is None:
            return ()
        planes = state.planes_of(state.current)
        shown = [ref for ref, plane in planes.items() if plane.is_doubtful and not plane.prompts]
        kept = [ref for ref in state.object(state.current).doubts if ref not in planes]
        return tuple(sorted({*shown, *kept}))

    def trust(self, index: int, axis: int = 0) -> None:
        """Take the doubt about an accepted plane of the current object away: a person saw it.

        It is no plane of that person's own by this; a propagation may still change it. Nothing
        happens where there is no such doubt. Undoable.

        Raises
        ------
        OutsideImage, InputError
            There is no such plane; the object is locked.
        """
        ref, current = plane_of(self.volume.shape, index, axis), self.current
        if current is None or ref not in current.doubts:
            return
        item = self._state.object(current.id)
        check_unlocked(item)
        self._commit("trust", self._state.with_changed(item.trusted(ref)))

    def set_labels(self, array: ArrayLike, names: Mapping[int, str] | None = None) -> None:
        """Make the objects be exactly the labels in ``array`` (Z, Y, X), whole numbers 0–65535.

        Objects keep name and colour where their number stays; previews are dropped. Locked objects
        stay as they are. Undoable.

        Raises
        ------
        InputError
            Another grid than the volume's, not such numbers, or a name that is no text.
        """
        labels = label_array(array, self.volume.shape)
        named = {number: object_name(name) for number, name in (names or {}).items()}
        self._commit("set labels", take_over(self._state, labels, named))

    def repaint(
        self,
        array: ArrayLike,
        indices: Sequence[int] | None = None,
        overlap: Overlap = "replace",
    ) -> bool:
        """Take over what was painted by hand into a copy of ``labels``; False where nothing was.

        Unlike ``set_labels`` it keeps previews, prompts and objects without a mask, and changes
        only the voxels that differ: each belongs to the object whose number it shows, alone unless
        ``overlap`` is another rule. Locked objects stay as they are. Undoable. Where ``indices``
        are given, nothing but these slices along axis 0 is looked at.

        Raises
        ------
        OutsideImage, InputError
            There is no such slice; another grid than the volume's, or no whole numbers 0–65535.
        """
        z, y, x = self.volume.shape
        given = range(z) if indices is None else indices
        places = [plane_of(self.volume.shape, index, 0).index for index in given]
        if not places:
            return False
        planes = array if indices is None else np.asarray(array)[places]
        labels = label_array(planes, (len(places), y, x))
        painted = dict(zip(places, labels, strict=True))
        state = repainted(self._state, painted, self.labels, overlap)
        if state is self._state or state.objects == self._state.objects:
            return False
        self._commit("paint labels", state)
        return True

    def retraced(self) -> set[int]:
        """Return the indices along axis 0 where an undo or a redo would change the labels."""
        there = (state.objects for state in self._history.beside)
        return {z for other in there for z in changed_slices(self._state.objects, other)}

    def save(self, path: str | Path) -> Path:
        """Write everything but the undo history into one private file; see ``store``."""
        return save_state(path, self.volume, self._state)

    @classmethod
    def resume(
        cls,
        path: str | Path,
        volume: Volume | None = None,
        model: System | Answerer | str | Path | None = None,
    ) -> Session:
        """Continue from a saved file or a journal; the image is opened again where none is given.

        A journal brings the undo history along and is written on.

        Raises
        ------
        InputError
            It is no saved session, or the image is not the one that it belongs to.
        """
        source = Path(path).expanduser()
        if is_journal(source):
            return cls._resume_journal(source, volume, model)
        image, state = load_state(source, volume)
        session = cls(image, model)
        session.start_from(state)
        return session

    @classmethod
    def _resume_journal(
        cls, path: Path, volume: Volume | None, model: System | Answerer | str | Path | None
    ) -> Session:
        story = read_story(path)
        session = cls(image_of(path, story.image, volume), model)
        journal = Journal(ImageIdentity(session.volume), Shelf(path.parent).new_path)
        session.take_up(story, journal)
        return session
