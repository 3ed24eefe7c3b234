"""From a click to a preview, and from a preview to the labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from numpy.typing import ArrayLike

from napari_samunet.errors import EmptyPrompt, InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.origin import Algorithm
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session import steps
from napari_samunet.session.checks import check_question, drawn_mask, plane_of
from napari_samunet.session.claims import accepted
from napari_samunet.session.grouping import GroupingSession
from napari_samunet.session.objects import ObjectState, SegmentObject
from napari_samunet.session.overlay import meets, overlap_voxels
from napari_samunet.session.placed import Kind, PlacedPrompt, combine
from napari_samunet.types import Box, Window


class PromptedSession(GroupingSession):
    """The part of a session that takes prompts and shows answers."""

    def predict(
        self,
        prompts: Prompts,
        index: int,
        axis: int = 0,
        window: Window | None = None,
        previous: Prediction | None = None,
        bridge: bool = True,
    ) -> Prediction:
        """Answer prompts on one plane; changes nothing in the session.

        Parameters
        ----------
        prompts
            At least one point, a box or a mask, on the plane.
        index, axis
            The plane.
        window
            (low, high) in the units of the file to show the slice to the model with; None: the
            file's own, else soft tissue for CT, else the volume's 0.5–99.5 percentiles.
        previous
            The answer to correct, of this very slice: only its shape is checked.
        bridge
            Whether a system that was trained with boxes only gets one derived from clicks.

        Raises
        ------
        EmptyPrompt, OutsideImage, InputError
            No prompt; a plane, point or box outside the image; numbers that are none.
        """
        ref = plane_of(self.volume.shape, index, axis)
        check_question(prompts, previous)
        prompts.check(plane_shape(self.volume.shape, ref.axis))
        answer = self.engine.predict(self.volume, ref, prompts, window, previous, bridge)
        return replace(answer, model=self.engine.algorithm)

    def add_point(
        self,
        point_rc: tuple[float, float],
        positive: bool = True,
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
        predict: bool = True,
    ) -> PlacedPrompt:
        """Click on the object, or beside it to say what is not it.

        Parameters
        ----------
        point_rc
            (row, column).
        positive
            Whether the point lies in the object.
        index, axis, window
            As in ``predict``.
        predict
            Whether to wait for the answer; False: see ``request``.

        Returns
        -------
        PlacedPrompt
            For ``remove_prompt``.

        Raises
        ------
        OutsideImage, InputError
            As ``predict``; nothing has changed then.
        """
        points = Prompts(points=[point_rc], labels=[positive]).points
        return self._place("point", index, axis, window, predict, positive, points=points)

    def add_box(
        self,
        box_rc: Box,
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
        predict: bool = True,
    ) -> PlacedPrompt:
        """Draw a box (row_min, col_min, row_max, col_max) around the object; the last one counts.

        Both ends belong to the object. Parameters, result and errors as ``add_point``.
        """
        box = Prompts(box=box_rc).box
        return self._place("box", index, axis, window, predict, box=box)

    def add_scribble(
        self,
        mask: ArrayLike,
        positive: bool = True,
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
        predict: bool = True,
    ) -> PlacedPrompt:
        """Scribble on the object, or beside it: ``mask`` (H, W) is what was drawn.

        The scribble becomes points, see ``prompts.scribble``. The rest is as ``add_point``.

        Raises
        ------
        EmptyPrompt
            Nothing was drawn.
        """
        from napari_samunet.prompts.scribble import scribble_to_points

        ref = plane_of(self.volume.shape, index, axis)
        drawn = drawn_mask(mask, self.volume.shape, ref)
        points = scribble_to_points(drawn)
        packed = PackedMask.of(drawn)
        return self._place(
            "scribble", index, axis, window, predict, positive, points=points, packed=packed
        )

    def paint(
        self, mask: ArrayLike, index: int = 0, axis: int = 0, model: Algorithm | None = None
    ) -> PlacedPrompt:
        """Replace what the object is on a plane by ``mask`` (H, W) bool; no model is asked.

        The next prompt there corrects this mask; earlier prompts that contradict it are dropped.
        ``model`` is what drew it, as of a suggestion; None: a hand.
        """
        ref = plane_of(self.volume.shape, index, axis)
        drawn = drawn_mask(mask, self.volume.shape, ref)
        state, object_id = self._with_current()
        shown = replace(painted_prediction(drawn), model=model)
        prompt = PlacedPrompt("mask", object_id, ref, packed=shown.chosen.packed)
        self._commit("paint", steps.paint(state, prompt, shown, self._next_step()))
        return prompt

    def remove_prompt(self, prompt: PlacedPrompt, predict: bool = True) -> None:
        """Take one prompt away; the others on its plane are asked afresh.

        Its object becomes the current one.

        Raises
        ------
        InputError
            It is no prompt of this session any more, or its object is locked.
        """
        begun = steps.reopened(self._state, (prompt.object_id, prompt.ref))
        if prompt not in begun.plane((prompt.object_id, prompt.ref)).prompts:
            raise InputError(
                "One of session.prompts or settled_prompts was wanted, but this one is undone or "
                "of another session."
            )
        self._unlocked(prompt.object_id)
        state = steps.remove(begun, prompt, self._next_step())
        rest = state.plane((prompt.object_id, prompt.ref)).prompts
        painted = rest[-1].mask if rest and rest[-1].kind == "mask" else None
        if painted is not None:
            shown = painted_prediction(painted)
            state = steps.paint(state, rest[-1], shown, self._next_step())
        self._commit("remove prompt", self._answer_waiting(state) if predict else state)

    def next_candidate(self, index: int | None = None, axis: int = 0) -> Prediction:
        """Show the next candidate of an answer in its place; after the last one comes the best.

        What is shown is what the next prompt corrects.

        Parameters
        ----------
        index, axis
            The plane; None: that of the latest prompt.

        Raises
        ------
        EmptyPrompt
            The current object has no answer there, or one without other candidates.
        """
        ref = self._state.ref if index is None else plane_of(self.volume.shape, index, axis)
        plane = self._state.planes_of(self._state.current).get(ref) if ref else None
        answer = None if plane is None or plane.waiting or plane.painted else plane.answer
        if answer is None or ref is None or len(answer.candidates) < 2:
            raise EmptyPrompt(
                "Another candidate was wanted, but this answer has none; "
                "correct it with clicks instead."
            )
        picked = answer.pick((answer.rank + 1) % len(answer.candidates))
        key = (cast("int", self._state.current), ref)
        self._commit("candidate", steps.answered(self._state, key, picked))
        return picked

    def discard(self) -> None:
        """Drop prompts and previews of the current object that are not accepted."""
        state, object_id = self._state, self._state.current
        if object_id is None:
            return
        for ref in state.planes_of(object_id):
            state = state.with_plane((object_id, ref), None)
        self._commit("discard", state)

    def accept(self) -> SegmentObject:
        """Write all previews of the current object into its mask and into the labels.

        The next prompt starts a new object. Where objects overlap, ``labels`` shows the later one
        and a notice says so.

        Raises
        ------
        EmptyPrompt
            There is nothing in preview.
        """
        object_id = self._state.current
        if object_id is None or not self._state.planes_of(object_id):
            raise EmptyPrompt(
                "Accept needs a preview, but there is none; click on an object first."
            )
        self._unlocked(object_id)
        before = self._state.object(object_id)
        self._commit("accept", accepted(self._answer_waiting(self._state), object_id, self.overlap))
        if not self._state.object(object_id).masks:
            self.notice.emit(f"{before.name}: the accepted mask is empty.")
        self._tell_overlaps(before)
        return self._handle(object_id)

    def _place(
        self,
        kind: Kind,
        index: int,
        axis: int,
        window: Window | None,
        predict: bool,
        positive: bool = True,
        **content: Any,
    ) -> PlacedPrompt:
        """Check a prompt, add it and answer it; when the answer fails, nothing has changed."""
        ref = plane_of(self.volume.shape, index, axis)
        state, object_id = self._with_current()
        prompt = PlacedPrompt(kind, object_id, ref, bool(positive), **content)
        combine([prompt]).check(plane_shape(self.volume.shape, ref.axis))
        window = None if window is None else choose_window(self.volume, window)
        state = steps.place(state, prompt, window, self._next_step())
        self._commit(kind, self._answer_waiting(state) if predict else state)
        return prompt

    def _tell_overlaps(self, before: ObjectState) -> None:
        """Say where the labels cannot show all of an object that has just changed."""
        item = self._state.object(before.id)
        for other in self._state.objects:
            if other is not item and meets(item, before, other):
                shared = overlap_voxels(item, other)
                shown = max(item, other, key=self._state.objects.index).name
                self.notice.emit(
                    f"{item.name} and {other.name} overlap in {shared} voxels; "
                    f"the labels show {shown} there."
                )
